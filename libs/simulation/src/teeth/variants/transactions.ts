import type { Variant } from '../variant.js';

const TRANSACTOR = 'libs/ownership/src/transaction/transactor.ts';
const CONTENTS = 'libs/ownership/src/contents.ts';
const TURNS = 'libs/ownership/src/transaction/key-turns.ts';
const NEXT = 'libs/ownership/src/transaction/next-commit.ts';
const FIRST = 'libs/ownership/src/transaction/first-commit-of.ts';
const RESOLVE = 'libs/ownership/src/transaction/resolve-operations.ts';
const TAIL = 'libs/ownership/src/tail.ts';
const FLUSH = 'libs/engine/src/head/flush.ts';
const RULES = 'libs/engine/src/head/edit-rules.ts';
const MARKS = 'libs/engine/src/head/usage-marks.ts';
const VIEW = 'libs/engine/src/read/view.ts';
const RANGE = 'libs/engine/src/read/range-change.ts';
const CHANGES = 'libs/engine/src/history/read-changes.ts';
const COLLECTOR = 'libs/engine/src/history/change-collector.ts';
const ENTRY = 'libs/engine/src/entry.ts';
const ROUTE = 'libs/routing/src/route.ts';

const DECISIONS: readonly Variant[] = [
  {
    name: 'waits-between-check-and-apply',
    invariant: 'T1',
    breaks: 'something may come between the checks of a transaction and its number',
    patches: [
      {
        file: TRANSACTOR,
        find: 'if (!(known instanceof Promise)) return this.conclude(tx, known, signal);',
        replace: `if (!(known instanceof Promise))
        return this.parts.ctx.clock.sleep(1).then(() => this.conclude(tx, known, signal));`,
      },
    ],
  },
  {
    name: 'judges-checks-on-an-older-view',
    invariant: 'T1',
    breaks: 'a transaction is judged by what was there before a commit of the same millisecond',
    patches: [{ file: CONTENTS, find: 'VIEWS.drop(this.place, this);', replace: '' }],
  },
  {
    name: 'takes-no-turns',
    invariant: 'T1',
    breaks: 'what a transaction has read from files may change until it is applied',
    patches: [
      { file: TURNS, find: 'for (const { over } of before) await over;', replace: '' },
      {
        file: TURNS,
        find: 'if (footprintsMeet(turn.footprint, footprint)) return false;',
        replace: 'void turn;',
      },
    ],
  },
  {
    name: 'overlooks-range-deletes-in-range-checks',
    invariant: 'T1',
    breaks: 'a range check takes a range for unchanged that a range delete has changed',
    patches: [
      { file: RANGE, find: 'if (sequence <= this.since || sequence > this.through ||', replace: 'if (sequence > 0 ||' },
    ],
  },
  {
    name: 'counts-from-before-a-range-delete',
    invariant: 'T2',
    breaks: 'a counter goes on from a value that a range delete of its transaction has deleted',
    patches: [
      {
        file: RESOLVE,
        find: 'const newest = own ?? (isDeleted ? undefined : presentOf(position));',
        replace: 'const newest = own ?? presentOf(position);',
      },
    ],
  },
  {
    name: 'lets-a-put-survive-the-range-delete-after-it',
    invariant: 'T2',
    breaks: 'a range delete does not cover the puts that stand before it in its transaction',
    patches: [
      {
        file: RESOLVE,
        find: 'for (const [text, { key }] of entries) if (spanHolds(span, key)) entries.delete(text);',
        replace: '',
      },
    ],
  },
  {
    name: 'overlooks-expiries-in-range-checks',
    invariant: 'T5',
    breaks: 'a range check takes a range for unchanged in which something has expired',
    setting: 'agreeing-clocks',
    patches: [{ file: RANGE, find: 'if (expiresAt === NEVER || expiresAt', replace: 'if (true || expiresAt' }],
  },
  {
    name: 'lets-commit-times-fall',
    invariant: 'T4',
    breaks: 'a commit has the time of its owner, be it before that of the commit before it',
    patches: [
      {
        file: NEXT,
        find: 'const committedAt = Math.max(Math.floor(now), last.committedAt);',
        replace: 'const committedAt = Math.floor(now);',
      },
      { file: TRANSACTOR, find: 'Math.max(ctx.clock.now(), last.committedAt);', replace: 'ctx.clock.now();' },
      {
        file: FLUSH,
        find: 'lastCommittedAt: Math.max(head.lastCommittedAt, memtable.lastCommittedAt),',
        replace: 'lastCommittedAt: memtable.lastCommittedAt,',
      },
      { file: RULES, find: 'if (next.lastCommittedAt < base.lastCommittedAt) return', replace: 'if (false) return' },
    ],
  },
  {
    name: 'shows-what-has-expired',
    invariant: 'T',
    breaks: 'a put is shown for ever, whatever it says of its end',
    patches: [
      {
        file: ENTRY,
        find: "return entry.kind === 'put' && entry.expiresAt > now;",
        replace: "return entry.kind === 'put';",
      },
    ],
  },
  {
    name: 'reads-an-older-memtable-first',
    invariant: 'T1',
    breaks: 'while a flush is under way a read finds what it flushes, and not what came after it',
    patches: [
      {
        file: VIEW,
        find: `for (const memtable of memtables) {
      const entry = memtable.get(key, through);`,
        replace: `for (const memtable of [...memtables].reverse()) {
      const entry = memtable.get(key, through);`,
      },
    ],
  },
];

const REPETITIONS: readonly Variant[] = [
  {
    name: 'does-not-write-idempotency-records',
    invariant: 'T3',
    breaks: 'a commit does not say under which idempotency key it was made',
    patches: [
      {
        file: NEXT,
        find: 'idempotency: idempotencyKey && {',
        replace: 'idempotency: undefined && {',
      },
    ],
  },
  {
    name: 'does-not-look-for-idempotency-records',
    invariant: 'T3',
    breaks: 'a transaction is applied whether its idempotency key was applied before or not',
    patches: [
      {
        file: TRANSACTOR,
        find: 'return recordOf(key, this.parts.contents.parts(), this.parts.ctx.clock.now());',
        replace: 'return undefined;',
      },
    ],
  },
  {
    name: 'carries-a-commit-whose-key-was-applied',
    invariant: 'T3',
    breaks: 'a claim carries a commit whose idempotency key was applied before',
    setting: 'restless',
    patches: [{ file: FIRST, find: 'if (record !== undefined) return undefined;', replace: '' }],
  },
  {
    name: 'loses-idempotency-records-at-a-flush',
    invariant: 'T3',
    breaks: 'a flush leaves the idempotency records of its commits behind',
    patches: [
      {
        file: FLUSH,
        find: 'memtable.idempotency.filter(({ version }) => version.sequence > since),',
        replace: '[],',
      },
    ],
  },
  {
    name: 'believes-a-refusal-after-a-loss',
    invariant: 'T3',
    breaks: 'a gateway tells that nothing was applied although an earlier attempt with the same key was lost',
    patches: [
      {
        file: ROUTE,
        find: "return answer === 'success' || !this.lost || this.settings.repetition === 'harmless';",
        replace: 'return answer !== undefined;',
      },
    ],
  },
  {
    name: 'sends-a-lost-mutation-again',
    invariant: 'T3',
    breaks: 'a gateway sends a mutation without a key again after it may have been received',
    patches: [
      {
        file: ROUTE,
        find: "if (this.lost && this.settings.repetition === 'unsafe') return { kind: 'give-up', code: 'outcome-unknown' };",
        replace: '',
      },
    ],
  },
];

const COUNTERS: readonly Variant[] = [
  {
    name: 'begins-usage-anew-at-a-takeover',
    invariant: 'T',
    breaks: 'the counters of usage begin at nothing with every owner',
    patches: [
      {
        file: NEXT,
        find: 'committedAt: head.lastCommittedAt, usage: head.usage.total };',
        replace: 'committedAt: head.lastCommittedAt, usage: { commits: 0, writeUnits: 0, writtenBytes: 0 } };',
      },
      { file: MARKS, find: 'total = atLeast(total, commit.usage);', replace: 'total = commit.usage;' },
      {
        file: RULES,
        find: "if (!isAtLeast(next.usage.total, base.usage.total)) return 'usage does not fall';",
        replace: '',
      },
    ],
  },
  {
    name: 'counts-a-tail-twice',
    invariant: 'T',
    breaks: 'the usage of a recovered tail is added to counters that contain it',
    patches: [
      {
        file: TAIL,
        find: 'return flushInto(head, memtable.freeze(), FLUSH_SETTINGS, sstWriterOfFlush(ctx));',
        replace: `const next = await flushInto(head, memtable.freeze(), FLUSH_SETTINGS, sstWriterOfFlush(ctx));
  const total = { ...next.usage.total, commits: next.usage.total.commits + tail.length };
  return { ...next, usage: { ...next.usage, total } };`,
      },
    ],
  },
];

const FEEDS: readonly Variant[] = [
  {
    name: 'repeats-commits-at-a-file-boundary',
    invariant: 'W2',
    breaks: 'the change feed tells commits again that a file before has told',
    patches: [
      {
        file: COLLECTOR,
        find: 'if (sequence < this.bounds.from || sequence >= this.limit) return undefined;',
        replace: 'if (sequence >= this.limit) return undefined;',
      },
    ],
  },
  {
    name: 'skips-commits-at-a-page-boundary',
    invariant: 'T6',
    breaks: 'the change feed goes on behind a file of which it has told a part',
    patches: [
      {
        file: CHANGES,
        find: 'this.through = collector.through;',
        replace: 'this.through = collector.bounds.through;',
      },
    ],
  },
];

/** What has no number: transactions, idempotency keys, counters of usage, feeds, and the gateway's retries. */
export const BROKEN_TRANSACTIONS: readonly Variant[] = [...DECISIONS, ...REPETITIONS, ...COUNTERS, ...FEEDS];
