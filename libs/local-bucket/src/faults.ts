import { seededRandom } from '@leasehold/foundation';
import type { Random } from '@leasehold/foundation';

import type { S3Operation } from './counts.js';

/**
 * Probabilities in [0, 1] with which a request meets a fault; the same seed gives the same faults for the same requests.
 * Reads and writes alike, except that only puts and deletes can land late or conflict.
 */
export interface BucketFaults {
  readonly seed: number;
  /** Not applied; the connection is reset or 500 or 503 is answered. */
  readonly failBefore?: number;
  /** Applied; the connection is reset or 500 is answered. */
  readonly failAfter?: number;
  /** The connection is reset; applied up to `lateMs` later, if its condition holds by then. */
  readonly lateLanding?: number;
  /** Default 2000. */
  readonly lateMs?: number;
  /** A conditional put is answered 409 and not applied. */
  readonly conflict?: number;
}

export type DrawnFault =
  | { readonly kind: 'none' }
  | { readonly kind: 'before' | 'after'; readonly answer: 'reset' | 'InternalError' | 'SlowDown' }
  | { readonly kind: 'late'; readonly delayMs: number }
  | { readonly kind: 'conflict' };

const LATE_MS = 2000;
const NONE: DrawnFault = { kind: 'none' };

export class FaultPlan {
  private readonly random: Random;

  constructor(private readonly faults: BucketFaults) {
    this.random = seededRandom(faults.seed);
  }

  draw(operation: S3Operation): DrawnFault {
    const { failBefore = 0, failAfter = 0, lateLanding = 0, lateMs = LATE_MS, conflict = 0 } = this.faults;
    const writes = operation === 'PutObject' || operation === 'DeleteObject';
    // Always two draws, so that the faults of one request do not move those of the next.
    let left = this.random.fraction();
    const detail = this.random.fraction();
    if ((left -= failBefore) < 0)
      return { kind: 'before', answer: detail < 0.4 ? 'reset' : detail < 0.7 ? 'InternalError' : 'SlowDown' };
    if ((left -= failAfter) < 0) return { kind: 'after', answer: detail < 0.5 ? 'reset' : 'InternalError' };
    if ((left -= lateLanding) < 0) return writes ? { kind: 'late', delayMs: Math.ceil(detail * lateMs) } : NONE;
    if (left < conflict && operation === 'PutObject') return { kind: 'conflict' };
    return NONE;
  }
}
