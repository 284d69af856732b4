import { Child } from '../child/child.js';
import type { BenchBucket } from '../world/bench-bucket.js';
import { s3Environment } from '../world/bench-bucket.js';
import type { SlateDbSettings } from '../peer/slatedb.js';
import type { SystemName } from './key-value-system.js';

const HEAP_MIB = 4_096;

/** As the peer's by default, as far as its binding lets us choose (it does not); a worker has 256 MiB. */
export const ENGINE_CACHE_BYTES = 512 * 1024 * 1024;

export interface EngineOptions {
  readonly number: number;
  readonly slatedb?: SlateDbSettings;
}

/** Ours or the peer's, open over this bucket in a process of its own. */
export async function startEngine(system: SystemName, bucket: BenchBucket, options: EngineOptions): Promise<Child> {
  const child = Child.start('../engine/engine-main', { env: s3Environment(bucket.url), maxHeapMiB: HEAP_MIB });
  await child.call('open', { system, url: bucket.url, blockCacheBytes: ENGINE_CACHE_BYTES, ...options });
  return child;
}
