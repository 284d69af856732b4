import type { Ulid } from '@leasehold/foundation';
import { UlidSource } from '@leasehold/foundation';
import type { SettleContext } from '@leasehold/object-store';

import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';

/** Every file that the head names, for whatever. */
export function* filesOf(head: Head): Generator<SstRef> {
  yield* head.l0;
  yield* head.l1;
  for (const { ref } of head.history) yield ref;
  yield* head.idempotency.files;
}

/** Ids for new files: above gcFloor and above every file of the head, whatever the clock says (G1). */
export function fileIdsAbove(ctx: Pick<SettleContext, 'clock' | 'random'>, head: Head): UlidSource {
  const ids = new UlidSource(ctx.clock, ctx.random);
  if (head.gcFloor !== undefined) ids.above(head.gcFloor);
  // Text order is id order: one comparison per file instead of a decoding.
  let highest: Ulid | undefined;
  for (const { id } of filesOf(head)) if (highest === undefined || id > highest) highest = id;
  if (highest !== undefined) ids.above(highest);
  return ids;
}

/** Whether an edit may add the file to this head (G1): gc may delete whatever lies at or below the floor. */
export function isAboveFloor(ref: SstRef, head: Pick<Head, 'gcFloor'>): boolean {
  return head.gcFloor === undefined || ref.id > head.gcFloor;
}
