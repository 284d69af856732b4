import type { Clock, Random } from '@leasehold/foundation';

import { Latencies } from './latencies.js';

export interface OpenLoopSettings {
  readonly ratePerSecond: number;
  readonly durationMs: number;
  /** Issued but not measured, until queues and connections are what they will be. */
  readonly warmupMs: number;
  /** Requests under way at the same time; one more means that the system has collapsed. */
  readonly maxInFlight: number;
}

export interface OpenLoopResult {
  /** From the time at which a request was due, whether or not anything was free to send it. */
  readonly latencies: Latencies;
  readonly issued: number;
  /** The largest delay between due and issued: the driver's own share of the latencies. */
  readonly worstLagMs: number;
  /** The delay that one in a hundred requests exceeded: what a p99 beside it owes to the driver. */
  readonly lagP99Ms: number;
}

/** How long the driver sleeps when nothing is due; what it oversleeps counts into the latencies. */
const TICK_MS = 1;

/**
 * Requests arrive as from many independent callers (a Poisson process), however long the answers take. A closed loop would
 * stop asking while the system stalls, and so hide the stall.
 * @throws Error of the first request that fails; when more than `maxInFlight` are under way
 */
export async function openLoop(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  { ratePerSecond, durationMs, warmupMs, maxInFlight }: OpenLoopSettings,
  request: (number: number) => Promise<unknown>,
): Promise<OpenLoopResult> {
  const latencies = new Latencies();
  const startedAt = clock.monotonic();
  const measuredFrom = startedAt + warmupMs;
  const endsAt = measuredFrom + durationMs;
  const gapMs = (): number => (-Math.log(1 - random.fraction()) * 1_000) / ratePerSecond;
  let failure: unknown;
  let inFlight = 0;
  let issued = 0;
  const lags = new Latencies();
  let idle = (): void => undefined;

  const issue = (dueAt: number): void => {
    const number = issued++;
    const isMeasured = dueAt >= measuredFrom;
    if (isMeasured) lags.record(clock.monotonic() - dueAt);
    inFlight++;
    request(number)
      .then(
        () => {
          if (isMeasured) latencies.record(clock.monotonic() - dueAt);
        },
        (error: unknown) => (failure ??= error),
      )
      .finally(() => {
        inFlight--;
        if (inFlight === 0) idle();
      });
  };

  for (let dueAt = startedAt + gapMs(); dueAt < endsAt && failure === undefined;) {
    if (dueAt > clock.monotonic()) {
      await clock.sleep(TICK_MS);
      continue;
    }
    if (inFlight >= maxInFlight) throw new Error(`more than ${maxInFlight} requests were under way`);
    issue(dueAt);
    dueAt += gapMs();
  }
  if (inFlight > 0) await new Promise<void>((resolve) => (idle = resolve));
  if (failure !== undefined) throw failure;
  const { maxMs, p99Ms } = lags.summary();
  return { latencies, issued, worstLagMs: maxMs, lagP99Ms: p99Ms };
}
