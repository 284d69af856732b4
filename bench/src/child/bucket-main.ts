import { systemClock } from '@leasehold/foundation';
import type { LatencyChoice, LocalBucket } from '@leasehold/local-bucket';
import { startLocalBucket } from '@leasehold/local-bucket';
import { MemoryStore } from '@leasehold/object-store';

import { BUCKET } from '../world/bucket-access.js';
import { serve } from './serve.js';

/** The local bucket over memory, in a process of its own so that it takes no time from what is measured. */
let bucket: LocalBucket | undefined;

serve({
  start: async ({ latency, seed }: { latency?: LatencyChoice; seed: number }) => {
    bucket = await startLocalBucket({
      ...BUCKET,
      store: new MemoryStore(systemClock),
      host: '127.0.0.1',
      port: 0,
      foreignClients: true,
      ...(latency === undefined ? {} : { latency: { profile: latency, seed } }),
    });
    return bucket.url;
  },
  setLatency: ({ latency, seed }: { latency?: LatencyChoice; seed: number }) =>
    bucket?.setLatency(latency === undefined ? undefined : { profile: latency, seed }),
  counts: () => bucket?.counts(),
});
