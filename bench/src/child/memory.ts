import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What this process holds after everything that nobody refers to is gone. */
export interface Memory {
  /** JavaScript objects and the buffers outside of the heap. */
  readonly heldBytes: number;
  readonly rssBytes: number;
}

/** Several times: what only finalizers free goes a turn later. */
const COLLECTIONS = 4;

export async function settledMemory(): Promise<Memory> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < COLLECTIONS; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heldBytes: heapUsed + external, rssBytes: rss };
}

/** CPU time of all threads of this process since its start, in ms. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
