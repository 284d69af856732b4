import { systemClock } from '@leasehold/foundation';

import { ChaosRun } from './chaos-run.js';
import type { ChaosReport } from './chaos-report.js';
import type { ChaosSettings } from './chaos-settings.js';
import { Fleet } from './fleet/fleet.js';
import { givenParts } from './fleet/given-parts.js';

/** The default of the product; twice of it is how long a worker is stopped. */
export const TTL_MS = 5_000;
const GATEWAYS = 2;
const WORKERS = 3;
const COMPACTORS = 2;

/**
 * Starts a whole Leasehold as processes, puts load on it, does to it whatever the seed draws, and checks everything that was acknowledged.
 * Whatever was started is stopped when it settles. The plan is that of the seed; times are those of the machine.
 * @throws Error when something does not start, or the signal's reason
 */
export async function runChaos(
  settings: ChaosSettings,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<ChaosReport> {
  const begunMs = systemClock.monotonic();
  const timed = (line: string): void => {
    const seconds = ((systemClock.monotonic() - begunMs) / 1_000).toFixed(1);
    say(`${seconds.padStart(6)} s  ${line}`);
  };
  const { repository, folder, env, seed } = settings;
  const fleet = new Fleet(
    {
      repository,
      folder,
      env,
      given: givenParts(env),
      ttlMs: TTL_MS,
      gateways: GATEWAYS,
      workers: WORKERS,
      compactors: COMPACTORS,
      seed,
    },
    systemClock,
    timed,
  );
  try {
    timed('starting bucket, Postgres, Redis and the services');
    await fleet.start(signal);
    return await new ChaosRun(settings, fleet, systemClock, timed, signal, TTL_MS).run();
  } finally {
    await fleet.stop();
  }
}
