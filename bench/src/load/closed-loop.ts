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

/**
 * Answers from memory are promises that are ready: without a pause nothing else of the process would ever run, no renewal
 * and no answer of the store. A server gets its requests from sockets, and so from the event loop.
 */
const YIELD_EVERY_MS = 5;

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
  let yieldedAt = startedAt;
  const caller = async (): Promise<void> => {
    for (let askedAt = clock.monotonic(); !over && operations < maxOperations;) {
      await operation(operations++);
      const now = clock.monotonic();
      latencies.record(now - askedAt);
      askedAt = now;
      if (now - yieldedAt >= YIELD_EVERY_MS) {
        yieldedAt = now;
        await new Promise((resolve) => setImmediate(resolve));
      }
      over ||= now - startedAt >= durationMs;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { operations, perSecond: (operations * 1_000) / (clock.monotonic() - startedAt), latencies };
}
