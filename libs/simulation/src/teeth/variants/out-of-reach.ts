import type { Variant } from '../variant.js';

/** A variant that no run can give away yet, for want of something that clients do. */
export interface OutOfReach extends Variant {
  /** What the world would have to do. It moves to the others when the world does. */
  readonly needs: string;
}

/** Not among those that are run. Their patches follow the code all the same. */
export const OUT_OF_REACH: readonly OutOfReach[] = [
  {
    name: 'counts-from-before-a-range-delete',
    invariant: 'T2',
    breaks: 'a counter goes on from a value that a range delete of its transaction has deleted',
    needs: 'transactions that count under a key which a range delete before it in the same transaction covers',
    patches: [
      {
        file: 'libs/ownership/src/transaction/resolve-operations.ts',
        find: 'const newest = own ?? (isDeleted ? undefined : presentOf(position));',
        replace: 'const newest = own ?? presentOf(position);',
      },
    ],
  },
  {
    name: 'overlooks-range-deletes-in-range-checks',
    invariant: 'T1',
    breaks: 'a range check takes a range for unchanged that a range delete has changed',
    needs:
      'transactions of range deletes alone, beside clients that guard the range: a put next to them gives them away',
    patches: [
      {
        file: 'libs/engine/src/read/range-change.ts',
        find: 'if (sequence <= this.since || sequence > this.through ||',
        replace: 'if (sequence > 0 ||',
      },
    ],
  },
];
