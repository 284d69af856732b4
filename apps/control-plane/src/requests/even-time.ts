import { elapsedMsSince, instant, type Clock } from '@leasehold/foundation';

/**
 * Does the work, and returns no earlier than `floorMs` after the start: then the time tells nothing of what the work found, as
 * long as it takes less. Failures, which say nothing of it either, are told at once.
 */
export async function evenTime<T>(clock: Clock, floorMs: number, work: () => Promise<T>): Promise<T> {
  const start = instant(clock);
  const result = await work();
  const leftMs = floorMs - elapsedMsSince(clock, start);
  if (leftMs > 0) await clock.sleep(leftMs);
  return result;
}
