import type { Clock } from '@leasehold/foundation';

import { Latencies } from './latencies.js';

export interface ClosedLoopSettings {
  /** Callers, each of which asks again as soon as it has its answer. */
  readonly callers: number;
  readonly durationMs: number;
  /** Ends earlier after so many. */
  readonly maxOperations?: number;
}

export interface ClosedLoopResult {
  readonly operations: number;
  readonly perSecond: number;
  readonly latencies: Latencies;
}

/** Operations between two looks at the clock, which costs as much as a fast read. */
const OPERATIONS_PER_LOOK = 64;

/** What a system can do at most. Latencies of a closed loop hide stalls; they are for information. */
export async function closedLoop(
  clock: Clock,
  { callers, durationMs, maxOperations = Number.POSITIVE_INFINITY }: ClosedLoopSettings,
  operation: (number: number) => Promise<unknown>,
): Promise<ClosedLoopResult> {
  const latencies = new Latencies();
  const startedAt = clock.monotonic();
  let operations = 0;
  let over = false;
  const caller = async (): Promise<void> => {
    while (!over) {
      const askedAt = clock.monotonic();
      let done = 0;
      while (done < OPERATIONS_PER_LOOK && operations < maxOperations) {
        done++;
        await operation(operations++);
        // A slow operation is worth a look at the clock each time.
        if (done === 1 && clock.monotonic() - askedAt > 1) break;
      }
      const now = clock.monotonic();
      if (done > 0) latencies.record((now - askedAt) / done);
      over ||= now - startedAt >= durationMs || operations >= maxOperations;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { operations, perSecond: (operations * 1_000) / (clock.monotonic() - startedAt), latencies };
}
