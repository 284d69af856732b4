import { bucketLayout } from '@leasehold/bucket-layout';
import { decodeUtf8, LeaseholdError, toBase64Url, utf8 } from '@leasehold/foundation';
import type { Random } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

const SECRET_BYTES = 32;
/** Each is a put whose outcome stayed unknown. */
const ATTEMPTS = 5;

export function drawHopSecret(random: Random): string {
  return toBase64Url(random.bytes(SECRET_BYTES));
}

/**
 * What the gateway of one process and the worker of another know each other by. It lies in the bucket, where whoever comes first puts it: those who
 * may write the bucket are those who may be a worker of it. (Keys of S3 cannot be what it is made from: under roles every process has its own.)
 *
 * Whoever may only read the bucket, and reach a worker over the network, could with it write through that worker.
 * @throws StoreUnavailableError, LeaseholdError (unavailable)
 */
export async function sharedHopSecret(store: ObjectStore, random: Random): Promise<string> {
  const drawn = utf8(drawHopSecret(random));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await store.get(bucketLayout.hopSecret);
    const secret = found === undefined || found === 'not-modified' ? undefined : decodeUtf8(found.body);
    if (secret !== undefined) return secret;
    // Refused: read who was faster. Unknown: the same bytes again, whichever of them lands.
    await store.put(bucketLayout.hopSecret, drawn, 'create');
  }
  throw new LeaseholdError('unavailable', 'store-unavailable', 'the bucket takes no object');
}
