import type { Variant } from '../variant.js';

const HEADS = 'libs/engine/src/head/head-store.ts';
const ACCESS = 'libs/ownership/src/database-access.ts';
const CONTENTS = 'libs/ownership/src/contents.ts';
const OWNED = 'libs/ownership/src/owned-database.ts';
const TRANSACTOR = 'libs/ownership/src/transaction/transactor.ts';

const HAS_OWNER = 'if (known !== undefined && (known.head.owner !== undefined || ';

/** R1, R2: what a reader may be shown. */
export const BROKEN_READS: readonly Variant[] = [
  {
    name: 'shares-an-older-get-of-the-head',
    invariant: 'R1',
    breaks: 'a read is answered from a GET of the head that was sent before it arrived',
    patches: [
      {
        file: HEADS,
        find: 'const object = await this.ctx.store.get(bucketLayout.head(id));',
        replace: `this.loads ??= new Map();
    const running = this.loads.get(id) ?? this.ctx.store.get(bucketLayout.head(id));
    this.loads.set(id, running);
    this.ctx.clock.schedule(300, () => this.loads.delete(id));
    const object = await running;`,
      },
    ],
  },
  {
    name: 'reads-the-head-of-a-live-owner',
    invariant: 'R1',
    breaks: 'a read is answered from the head alone although somebody owns the database',
    patches: [{ file: ACCESS, find: HAS_OWNER, replace: 'if (known !== undefined && (' }],
  },
  {
    name: 'reads-the-head-of-an-ended-owner',
    invariant: 'R1',
    breaks: 'a read is answered from the head of an owner that has ended, without its log',
    patches: [
      {
        file: ACCESS,
        find: HAS_OWNER,
        replace: `const owner = known?.head.owner;
      const status = owner === undefined ? 'absent' : this.ctx.watch.status(owner);
      const isGone = status === 'expired' || status === 'sealed';
      if (known !== undefined && ((owner !== undefined && !isGone) || `,
      },
    ],
  },
  {
    name: 'shows-commits-that-are-not-durable',
    invariant: 'R2',
    breaks: 'reads do not wait until the commits that they show are durable',
    patches: [
      { file: CONTENTS, find: 'return this.durable.isDurable(sequence);', replace: 'return true;' },
      { file: CONTENTS, find: 'if (this.durable.isDurable(sequence)) return;', replace: 'return;' },
    ],
  },
  {
    name: 'refuses-by-commits-that-are-not-durable',
    invariant: 'R2',
    breaks: 'a failed check is answered before the commit that made it fail is durable',
    setting: 'killed-between-segments',
    patches: [{ file: TRANSACTOR, find: 'await this.parts.contents.shown({ sequence: shows }, signal);', replace: '' }],
  },
  {
    name: 'answers-a-transaction-of-checks-alone-too-early',
    invariant: 'R2',
    breaks: 'a transaction without operations is answered before the commits that it has seen are durable',
    setting: 'killed-between-segments',
    patches: [
      {
        file: TRANSACTOR,
        find: 'return contents.shown(last.version, signal).then(',
        replace: 'return Promise.resolve().then(',
      },
    ],
  },
  {
    name: 'tells-commits-that-are-not-durable',
    invariant: 'R2',
    breaks: 'the change feed tells commits before they are durable',
    setting: 'lost-segments',
    patches: [{ file: OWNED, find: 'await this.contents.shown({ sequence: changes.through }, signal);', replace: '' }],
  },
];
