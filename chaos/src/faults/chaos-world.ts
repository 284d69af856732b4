import type { Clock, Random } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

import type { Fleet, ProxiedChild } from '../fleet/fleet.js';
import type { HttpClient } from '../load/http-client.js';
import type { TenantDatabase } from '../load/tenant-database.js';
import type { ZombieTally } from './zombie-tally.js';
import type { Findings } from '../ledger/finding.js';

/** What a fault acts on. */
export interface ChaosWorld {
  readonly fleet: Fleet;
  readonly databases: readonly TenantDatabase[];
  readonly gateways: () => readonly HttpClient[];
  /** From now on the load goes through the proxies before the gateways, or past them. */
  readonly useLines: (isOn: boolean) => void;
  readonly findings: Findings;
  readonly zombies: ZombieTally;
  /** Past all proxies. */
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly ttlMs: number;
  /** Rejects when the run is stopped. */
  readonly pause: (ms: number) => Promise<void>;
  readonly say: (line: string) => void;
}

/** Does one fault and undoes it again. Resolves with what it did, for the timeline. */
export type FaultAction = (
  world: ChaosWorld,
  fault: { readonly holdMs: number; readonly target: number },
) => Promise<string>;

export function chosen<T>(items: readonly T[], target: number): T {
  return items[target % items.length] as T;
}

export function proxied(world: ChaosWorld): readonly ProxiedChild[] {
  return [...world.fleet.workers, ...world.fleet.compactors];
}
