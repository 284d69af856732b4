import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, UlidSource } from '@leasehold/foundation';
import { LeaseholdError } from '@leasehold/foundation';
import type { SettleContext } from '@leasehold/object-store';
import { settleCreate } from '@leasehold/object-store';

import type { SstRef } from '../format/sst-ref.js';
import { SST_NONCE_BYTES } from '../format/sst-tail.js';
import type { SstBuilder } from './sst-builder.js';

/** Two writers whose clocks are both behind draw the same id above the same head; each try takes another. */
const ID_TRIES = 8;

/** Puts the file into the bucket: durable when it resolves, part of the database when a head names it. @throws UnknownOutcomeError */
export async function publishSst(
  ctx: SettleContext,
  databaseId: DatabaseId,
  ids: UlidSource,
  builder: SstBuilder,
): Promise<SstRef> {
  for (let tries = 0; tries < ID_TRIES; tries++) {
    const { bytes, ref } = builder.finish(ids.next(), ctx.random.bytes(SST_NONCE_BYTES));
    const created = await settleCreate(ctx, bucketLayout.sst(databaseId, ref.id), bytes);
    if (created.outcome === 'done') return ref;
  }
  throw new LeaseholdError('unavailable', 'store-unavailable', `every file id drawn was taken: ${ID_TRIES} tries`);
}
