import { systemClock } from '@leasehold/foundation';

/** Runs `work` each `intervalMs`, never twice at once, until it is `done` or the signal aborts. Never rejects by itself. */
export async function repeat(
  work: () => Promise<'again' | 'done'>,
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await systemClock.sleep(intervalMs, signal);
    } catch {
      return;
    }
    if ((await work()) === 'done') return;
  }
}
