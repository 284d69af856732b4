import type { Variant } from '../variant.js';

const CLAIM = 'libs/ownership/src/claim.ts';
const OWNED = 'libs/ownership/src/owned-database.ts';
const DATABASES = 'libs/ownership/src/databases.ts';
const UNFLUSHED = 'libs/ownership/src/unflushed.ts';
const PUBLISH = 'libs/ownership/src/publish-tail.ts';

const RECLAIMS = 'const claimed = tail && (await takeOver(ctx, stored, tail));';

/** P2, H3, H4: how databases change hands. */
export const BROKEN_OWNERSHIP: readonly Variant[] = [
  {
    name: 'claims-again-without-its-own-tail',
    invariant: 'P2',
    breaks: 'a session that finds itself the owner claims again without what is in its own log',
    setting: 'unclear-releases',
    patches: [{ file: CLAIM, find: RECLAIMS, replace: 'const claimed = tail && (await takeOver(ctx, stored, []));' }],
  },
  {
    name: 'writes-before-its-claim-is-confirmed',
    invariant: 'P2',
    breaks: 'a session works as the owner when its claim is sent',
    patches: [
      {
        file: CLAIM,
        find: 'const full = await ctx.first?.loadInto(head);\n  ctx.session.assertServing();',
        replace: `ctx.session.assertServing();
  void swap(head).catch(() => undefined);
  return { head, etag: 'unconfirmed', lastModifiedAt: undefined };
  const full = undefined;`,
      },
    ],
  },
  {
    name: 'takes-over-without-the-tail',
    invariant: 'H3',
    breaks: 'a takeover leaves the log of the owner that ended where it is',
    patches: [
      {
        file: CLAIM,
        find: 'return tail && (await takeOver(ctx, stored, tail));',
        replace: 'return tail && (await takeOver(ctx, stored, []));',
      },
    ],
  },
  {
    name: 'takes-over-with-half-of-the-tail',
    invariant: 'H3',
    breaks: 'a takeover brings all of the tail into the head but its last commit',
    patches: [
      {
        file: CLAIM,
        find: 'return tail && (await takeOver(ctx, stored, tail));',
        replace: 'return tail && (await takeOver(ctx, stored, tail.slice(0, -1)));',
      },
    ],
  },
  {
    name: 'takes-over-at-the-same-epoch',
    invariant: 'H3',
    breaks: 'a takeover keeps the epoch of the owner that ended',
    patches: [
      {
        file: CLAIM,
        find: 'const head = { ...contained, options, epoch: stored.head.epoch + 1, owner: ctx.session.id };',
        replace:
          'const head = { ...contained, options, epoch: Math.max(1, stored.head.epoch), owner: ctx.session.id };',
      },
    ],
  },
  {
    name: 'recovers-a-database-without-its-tail',
    invariant: 'H3',
    breaks: 'a recovery frees the databases of an ended session without what is in its log',
    patches: [
      {
        file: PUBLISH,
        find: 'const next = await withTail(settling, stored.head, tail);',
        replace: 'const next = stored.head;',
      },
    ],
  },
  {
    name: 'releases-without-flushing',
    invariant: 'H4',
    breaks: 'a database is given up while acknowledged commits of it are in the log alone',
    patches: [
      {
        file: OWNED,
        find: 'this.ending ??= this.users.gone().then(() => this.unflushed.flush(owner));',
        replace: 'this.ending ??= this.users.gone().then(() => this.held.swapIn(undefined, owner));',
      },
    ],
  },
  {
    name: 'releases-with-frames-in-flight',
    invariant: 'H4',
    breaks: 'a database is given up while transactions that have begun may still put frames into the log',
    setting: 'restless',
    patches: [
      {
        file: OWNED,
        find: 'this.ending ??= this.users.gone().then(() => this.unflushed.flush(owner));',
        replace: 'this.ending ??= this.unflushed.flush(owner);',
      },
    ],
  },
  {
    name: 'serves-at-an-epoch-that-it-has-given-up',
    invariant: 'H4',
    breaks: 'a session answers for a database after it has sent its release',
    patches: [
      {
        file: OWNED,
        find: 'if (this.closedBecause !== undefined) return Promise.reject(new HandleClosedError(this.closedBecause));',
        replace: '',
      },
      {
        file: OWNED,
        find: 'if (this.closedBecause !== undefined || this.held.isFenced) return undefined;',
        replace: '',
      },
    ],
  },
  {
    name: 'seals-itself-as-clean-before-it-has-flushed',
    invariant: 'H4',
    breaks: 'a drain ends as clean with commits that are in the log alone',
    patches: [
      { file: DATABASES, find: "await attempt('close', database.id, database.close());", replace: '' },
      { file: DATABASES, find: "(id) => attempt('settle', id, this.settle(id))", replace: '() => Promise.resolve()' },
      { file: DATABASES, find: 'if (unsettled > 0) throw', replace: 'if (false) throw' },
    ],
  },
  {
    name: 'flushes-commits-that-are-not-durable',
    invariant: 'H5',
    breaks: 'a flush contains commits whose segments are not confirmed',
    patches: [
      {
        file: UNFLUSHED,
        find: 'if (memtable) await this.durable.until(memtable.lastVersion.sequence);',
        replace: '',
      },
    ],
  },
];
