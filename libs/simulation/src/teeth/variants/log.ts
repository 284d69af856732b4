import type { Patch, Variant } from '../variant.js';

const SESSION = 'libs/lease/src/session.ts';
const LOG = 'libs/commit-log/src/commit-log.ts';
const CHAINS = 'libs/commit-log/src/chains.ts';
const COLLECTOR = 'libs/commit-log/src/collector.ts';
const CONFIRMATIONS = 'libs/commit-log/src/confirmations.ts';
const INVENTORY = 'libs/commit-log/src/log-inventory.ts';
const CLOSE = 'libs/commit-log/src/close-log.ts';
const DURABLE = 'libs/commit-log/src/durable-tail.ts';
const OBJECT = 'libs/commit-log/src/log-object.ts';
const KEEPER = 'libs/commit-log/src/log-keeper.ts';
const RETENTION = 'libs/commit-log/src/retention.ts';
const WITNESS = 'libs/simulation/src/witness/session-trace.ts';
const TAIL = 'libs/ownership/src/tail.ts';
const UNFLUSHED = 'libs/ownership/src/unflushed.ts';

/** Recovery would otherwise stop at a tail with a hole in it and quarantine the database. */
const TAKES_TAILS_WITH_HOLES: readonly Patch[] = [
  { file: DURABLE, find: 'if (frame.firstSequence > last + 1) {', replace: 'if (false) {' },
  { file: TAIL, find: 'version.sequence !== lastCommit.sequence + 1 + i', replace: 'false' },
];

const OVERRUN = 'assertNothingBehind(inventory, sessionId);';

/** S4, L2: what is durable. */
const CHAINED: readonly Variant[] = [
  {
    name: 'puts-the-large-before-what-is-earlier',
    invariant: 'L2',
    breaks: 'a commit goes into an earlier segment than the commit before it',
    setting: 'full-segments',
    patches: [
      {
        file: COLLECTOR,
        find: 'if (earlier > this.positionOf(batch.after)) batch.after = this.shared[earlier];',
        replace: '',
      },
      {
        file: CHAINS,
        find: "assert(isFirst || append.firstSequence === chain.putSequence + 1, 'appends of an epoch are placed in their order');",
        replace: 'void isFirst;',
      },
    ],
  },
  {
    name: 'acknowledges-what-is-only-sent',
    invariant: 'S4',
    breaks: 'a commit is acknowledged when its segment is sent',
    patches: [
      {
        file: LOG,
        find: 'const key = bucketLayout.segment(name.sessionId, name.number);',
        replace: `const key = bucketLayout.segment(name.sessionId, name.number);
      for (const append of appends) append.resolve();`,
      },
    ],
  },
  {
    name: 'acknowledges-before-the-chain-is-durable',
    invariant: 'S4',
    breaks: 'a commit is acknowledged when its own segment is confirmed, whatever became of those before it',
    patches: [
      {
        file: CHAINS,
        find: 'chain.pending.splice(0, open === -1 ? chain.pending.length : open)',
        replace: 'chain.pending.filter(({ segment }) => segment !== 0 && isConfirmed(segment))',
      },
      {
        file: CHAINS,
        find: 'append.resolve();\n',
        replace: 'chain.pending.splice(chain.pending.indexOf(append), 1);\n      append.resolve();\n',
      },
    ],
  },
  {
    name: 'acknowledges-out-of-order',
    invariant: 'L2',
    breaks: 'one confirmed segment acknowledges every commit of its databases up to the last that was sent',
    patches: [
      {
        file: CHAINS,
        find: 'segment === 0 || !isConfirmed(segment));',
        replace: 'segment === 0);',
      },
    ],
  },
  {
    name: 'issues-numbers-beyond-the-window',
    invariant: 'S4',
    breaks: 'segments are issued however far the oldest unconfirmed one lies behind',
    eases: [
      { file: INVENTORY, find: 'export const WINDOW_SEGMENTS = 64;', replace: 'export const WINDOW_SEGMENTS = 3;' },
      { file: WITNESS, find: 'export const WINDOW = 64;', replace: 'export const WINDOW = 3;' },
    ],
    patches: [
      {
        file: CONFIRMATIONS,
        find: 'return this.nextNumber - WINDOW_SEGMENTS <= this.through;',
        replace: 'return true;',
      },
      { file: CLOSE, find: OVERRUN, replace: '' },
    ],
  },
  {
    name: 'reuses-an-unknown-number-for-other-content',
    invariant: 'S4',
    breaks: 'a segment without an answer is put again with more in it, and what is found there is taken for that',
    patches: [
      {
        file: LOG,
        find: `const created = await settleOwn({ ...this.ctx, store: this.puts }, key, body);
      if (created.outcome === 'done') this.confirm(name.number, appends);`,
        replace: `let [taken, content] = [appends, frames];
      let created = await this.puts.put(key, body, 'create', { signal: session.ended });
      while (created.outcome === 'unknown') {
        session.ended.throwIfAborted();
        await this.ctx.clock.sleep(20, session.ended);
        if (!this.collector.empty) {
          const more = this.collector.take().appends;
          taken = [...taken, ...more];
          content = [...content, ...more.map((append) => this.frameOf(append, name.number))];
        }
        const again = encodeSegment(name, drawNonce(random), content);
        created = await this.puts.put(key, again, 'create', { signal: session.ended });
      }
      if (created.outcome === 'refused') {
        const object = await this.ctx.store.get(key);
        created = { outcome: decodeSegment(name, object.body).kind === 'seal' ? 'exists' : 'done', object };
      }
      if (created.outcome === 'done') this.confirm(name.number, taken);`,
      },
    ],
  },
  {
    name: 'counts-broken-chains',
    invariant: 'S4',
    breaks: 'a frame counts at recovery although the one before it is missing',
    setting: 'killed-between-segments',
    patches: [
      {
        file: DURABLE,
        find: 'if (previousSegment !== 0 && previousSegment >= floor && !counted.has(previousSegment)) return false;',
        replace: '',
      },
      ...TAKES_TAILS_WITH_HOLES,
    ],
  },
  {
    name: 'does-not-name-the-predecessor',
    invariant: 'S4',
    breaks: 'every frame says that it is the first of its epoch',
    patches: [{ file: CHAINS, find: 'return chain.previousSegment;', replace: 'return 0;' }, ...TAKES_TAILS_WITH_HOLES],
  },
];

/** L3: damage. */
const DAMAGED: readonly Variant[] = [
  {
    name: 'takes-a-damaged-frame-for-the-end-of-the-log',
    invariant: 'L3',
    breaks: 'what of a segment cannot be read is left out of the tail',
    patches: [
      {
        file: OBJECT,
        find: 'if (object.damage.length === 0 || read === READS_OF_DAMAGED) return { ...object, body };',
        replace: 'return { ...object, damage: [], body };',
      },
    ],
  },
];

const NAMES_ROLLUP_AND_FLOOR = 'await session.raiseFloor(range.to + 1, { rollups: this.names(), soon: true });';

/** S6: the floor. */
const FLOORS: readonly Variant[] = [
  {
    name: 'raises-the-floor-past-an-unconfirmed-segment',
    invariant: 'S6',
    breaks: 'the floor passes segments whose put has no answer yet',
    patches: [
      {
        file: RETENTION,
        find: 'while (isConfirmed(this.lowest) && (this.loose.get(this.lowest)?.neededFrames ?? 0) === 0) {',
        replace: `while (this.loose.has(this.lowest) && (!isConfirmed(this.lowest) || this.loose.get(this.lowest).neededFrames === 0)) {`,
      },
      {
        file: RETENTION,
        find: "assert(holder !== undefined, 'a needed frame lies in a segment or rollup that is kept');",
        replace: 'if (holder === undefined) return;',
      },
    ],
  },
  {
    name: 'deletes-segments-before-the-floor-is-confirmed',
    invariant: 'S6',
    breaks: 'the floor counts from when it is asked for, not from the renewal that names it',
    patches: [
      { file: SESSION, find: 'return this.confirmed.record.floor;', replace: 'return this.wanted.floor;' },
      {
        file: SESSION,
        find: 'return new Promise((resolve, reject) => this.waiters.push({ revision: wanted.revision, resolve, reject }));',
        replace: 'return Promise.resolve();',
      },
    ],
  },
  {
    name: 'forgets-commits-before-their-head-is-confirmed',
    invariant: 'S6',
    breaks: 'the log is told that commits are flushed when their head is sent, not when it is confirmed',
    patches: [
      {
        file: UNFLUSHED,
        find: 'await this.held.swapIn(memtable, owner);',
        replace: `const { databaseId, epoch } = this.held;
      if (memtable) this.ctx.log.flushed(databaseId, epoch, memtable.lastVersion.sequence);
      await this.held.swapIn(memtable, owner);`,
      },
    ],
  },
  {
    name: 'raises-the-floor-before-it-names-the-rollup',
    invariant: 'S6',
    breaks: 'one renewal raises the floor to the end of a rollup, and only the next one names the rollup',
    patches: [
      {
        file: KEEPER,
        find: NAMES_ROLLUP_AND_FLOOR,
        replace: `await session.raiseFloor(range.to + 1, { soon: true });
    await session.raiseFloor(range.to + 1, { rollups: this.names(), soon: true });`,
      },
    ],
  },
  {
    name: 'deletes-a-rollup-that-is-still-named',
    invariant: 'S6',
    breaks: 'merged rollups are deleted before a renewal no longer names them',
    patches: [
      {
        file: KEEPER,
        find: NAMES_ROLLUP_AND_FLOOR,
        replace: `this.passed(plan.rollups);
    ${NAMES_ROLLUP_AND_FLOOR}`,
      },
    ],
  },
  {
    name: 'leaves-the-last-segment-out-of-a-rollup',
    invariant: 'S6',
    breaks: 'the last segment that a rollup stands for is not in it',
    patches: [
      ...TAKES_TAILS_WITH_HOLES,
      {
        file: KEEPER,
        find: 'const frames = await collectFrames(store, name.sessionId, plan, this.retention);',
        replace: `const whole = await collectFrames(store, name.sessionId, plan, this.retention);
    const short = whole.filter(({ segment }) => segment !== name.to);
    const frames = short.length > 0 ? short : whole;`,
      },
    ],
  },
  {
    name: 'seals-below-the-floor',
    invariant: 'S6',
    breaks: 'a log is read and sealed from its first number on, where the session does not write any more',
    patches: [
      {
        file: CLOSE,
        find: 'const inventory = new LogInventory(floor);',
        replace: 'const inventory = new LogInventory(1);',
      },
      { file: CLOSE, find: OVERRUN, replace: '' },
    ],
  },
];

export const BROKEN_LOGS: readonly Variant[] = [...CHAINED, ...DAMAGED, ...FLOORS];
