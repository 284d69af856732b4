import { systemClock, systemRandom } from '@leasehold/foundation';
import type { JobKind } from '@leasehold/jobs';
import { MeteredStore, reliableReads, type ObjectStore } from '@leasehold/object-store';

import type { CompactorMetrics } from '../compactor-metrics.js';

/** The bucket as one purpose of this process sees it: reads are repeated, and every request is counted. */
export function storeFor(purpose: JobKind | 'watch', store: ObjectStore, metrics: CompactorMetrics) {
  const metered = new MeteredStore(store, systemClock, (call) => metrics.requested(purpose, call));
  return { store: reliableReads(metered, systemClock, systemRandom), clock: systemClock, random: systemRandom };
}
