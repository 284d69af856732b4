import type { Variant } from '../variant.js';

const HEADS = 'libs/engine/src/head/head-store.ts';
const RULES = 'libs/engine/src/head/edit-rules.ts';
const APPLY = 'libs/engine/src/compaction/apply.ts';
const COMPACT = 'libs/engine/src/compaction/compact-database.ts';
const FLUSH = 'libs/engine/src/head/flush.ts';
const FIRST = 'libs/ownership/src/first-commit.ts';
const LOG = 'libs/commit-log/src/commit-log.ts';

/** H1, H2, H5: edits of heads. */
export const BROKEN_HEADS: readonly Variant[] = [
  {
    name: 'makes-a-refused-edit-again-over-another-owner',
    invariant: 'H1',
    breaks: 'an edit that was refused is made again on whatever head is there, at another epoch too',
    patches: [
      {
        file: HEADS,
        find: "if (options.acrossOwners !== true && !holds(current.head, base.head)) return { outcome: 'fenced', current };",
        replace: '',
      },
    ],
  },
  {
    name: 'puts-a-head-without-a-match',
    invariant: 'H1',
    breaks: 'the condition of an edit is read right before the put, and not the head that it was made of',
    patches: [
      {
        file: HEADS,
        find: 'return this.settle(next, { match: base.etag }, base.head.trail);',
        replace: `return this.load(base.head.databaseId).then((present) =>
      this.settle(next, { match: (present ?? base).etag }, (present ?? base).head.trail),
    );`,
      },
    ],
  },
  {
    name: 'applies-a-compaction-whose-inputs-are-gone',
    invariant: 'H2',
    breaks: 'the output of a compaction replaces what lies where its inputs were',
    setting: 'slow-compactors',
    patches: [
      { file: APPLY, find: "plan.records)) return 'inputs-gone';", replace: 'plan.records)) void 0;' },
      { file: APPLY, find: "return isDisjoint ? undefined : 'overlaps';", replace: 'return undefined;' },
      {
        file: APPLY,
        find: 'return [...l1.filter(({ id }) => !replaced.has(id)), ...added]',
        replace: `const isBeside = (ref: SstRef): boolean =>
    added.every((file) => compareBytes(file.maxKey, ref.minKey) < 0 || compareBytes(ref.maxKey, file.minKey) < 0);
  return [...l1.filter((ref) => !replaced.has(ref.id) && isBeside(ref)), ...added]`,
      },
      {
        file: APPLY,
        find: `  if (inputs.length === 0) return refs;
  const from`,
        replace: `  if (inputs.length === 0) return refs;
  const gone = new Set(inputs.map(({ id }) => id));
  if (!refs.some(({ id }) => id === inputs[0].id)) return [...refs.filter(({ id }) => !gone.has(id)), ...outputs];
  const from`,
      },
    ],
  },
  {
    name: 'compacts-over-the-owner-that-it-has-read',
    invariant: 'H2',
    breaks: 'a compactor writes the owner back that the head had when the compaction began',
    setting: 'slow-compactors',
    patches: [
      {
        file: COMPACT,
        find: '(head) => applyCompaction(head, plan, output)',
        replace: `(head) => {
        const applied = applyCompaction(head, plan, output);
        return applied && { ...applied, owner: base.head.owner };
      }`,
      },
    ],
  },
  {
    name: 'compacts-over-the-epoch-that-it-has-read',
    invariant: 'H2',
    breaks: 'a compactor writes owner and epoch back that the head had when the compaction began',
    setting: 'slow-compactors',
    patches: [
      {
        file: COMPACT,
        find: '(head) => applyCompaction(head, plan, output)',
        replace: `(head) => {
        const applied = applyCompaction(head, plan, output);
        return applied && { ...applied, owner: base.head.owner, epoch: base.head.epoch };
      }`,
      },
      { file: RULES, find: "if (next.epoch < base.epoch) return 'epochs only grow';", replace: '' },
    ],
  },
  {
    name: 'loses-range-deletes-at-a-flush',
    invariant: 'H5',
    breaks: 'a flush leaves the range deletes of its commits behind',
    patches: [
      {
        file: FLUSH,
        find: '...memtable.rangeDeletes.filter(({ version }) => version.sequence > since)',
        replace: '',
      },
    ],
  },
  {
    name: 'disclaims-a-commit-that-was-sent',
    invariant: 'H5',
    breaks: 'a commit whose claim was sent and not answered in time is answered as not applied',
    setting: 'long-claims',
    patches: [{ file: FIRST, find: "return this.state === 'withdrawn';", replace: 'return true;' }],
  },
  {
    name: 'answers-a-fenced-write-as-failed',
    invariant: 'H5',
    breaks: 'a write whose session has ended is answered by a code that promises that it was not applied',
    setting: 'paused-in-a-drain',
    patches: [
      {
        file: LOG,
        find: "new UnknownOutcomeError('session ended before the commit was durable', { cause })",
        replace:
          "new LeaseholdError('unavailable', 'session-expired', 'session ended before the commit was durable', { cause })",
      },
    ],
  },
];
