import { bucketLayout } from '@leasehold/bucket-layout';
import { isLeaseholdError } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

import { MissingSegmentError } from './log-errors.js';
import type { DecodedSegment, SegmentName } from './segment.js';
import { decodeSegment } from './segment.js';

/** Bytes can be damaged on their way as well as at rest; only what stays damaged is believed. */
const READS_OF_DAMAGED = 3;

export interface ReadSegment extends DecodedSegment {
  readonly sizeBytes: number;
}

/**
 * Reads one segment that is known to exist. A segment whose header stays unreadable comes back as data with damage that
 * could be anybody's: somebody wrote something there, and it must not be taken for nothing (L3).
 * @throws MissingSegmentError, StoreUnavailableError
 */
export async function readSegment(store: ObjectStore, name: SegmentName): Promise<ReadSegment> {
  const key = bucketLayout.segment(name.sessionId, name.number);
  for (let read = 1; ; read++) {
    const object = await store.get(key);
    if (object === undefined || object === 'not-modified') throw new MissingSegmentError(key);
    const segment = decodeOrDamage(name, object.body);
    if (segment.damage.length === 0 || read === READS_OF_DAMAGED) return { ...segment, sizeBytes: object.sizeBytes };
  }
}

function decodeOrDamage(name: SegmentName, body: Uint8Array): DecodedSegment {
  try {
    return decodeSegment(name, body);
  } catch (error) {
    if (!isLeaseholdError(error, 'corrupt')) throw error;
    return { kind: 'data', frames: [], damage: [{ databaseId: undefined, header: undefined }] };
  }
}
