import { systemClock, systemRandom, utf8 } from '@leasehold/foundation';

import { BenchWorker } from '../bench-worker.js';
import { serve } from '../child/serve.js';
import { tenantDatabase } from '../services/tenants.js';
import { s3Client } from '../world/bench-bucket.js';
import { put } from '../world/requests.js';

/** The worker that had the databases before: it writes a little to each, gives them all up and is gone. */
export interface Making {
  readonly bucketUrl: string;
  readonly databases: number;
  readonly keys: number;
  readonly valueBytes: number;
}

const CONCURRENT = 64;

serve({
  make: async ({ bucketUrl, databases, keys, valueBytes }: Making) => {
    const worker = await BenchWorker.launch({ store: s3Client(bucketUrl), clock: systemClock, random: systemRandom });
    const value = new Uint8Array(valueBytes).fill(0x61);
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let number = next++; number < databases; number = next++) {
        for (let key = 0; key < keys; key++) await put(worker, tenantDatabase(number), utf8(`k${key}`), value);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT }, lane));
    await worker.releaseAll();
    await worker.stop();
  },
});
