import type { Phase, Phases, PhaseTimes } from '@leasehold/foundation';
import { sumOf, systemClock } from '@leasehold/foundation';
import { HOP_PHASES_HEADER, parseServerTiming } from '@leasehold/protocol';
import type { RequestTimes } from '@leasehold/service-kit';
import { timeRequests } from '@leasehold/service-kit';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

import type { WorkerAnswer } from '../forwarding/worker-answer.js';

/** Each answer of the gateway tells its client where the time went (docs/server-timing.md). To be called before other hooks are added. */
export function timeGateway(instance: FastifyInstance, registry: Registry): RequestTimes {
  // Whose a request is, is asked before and after its body is read.
  const begin = { before: 'auth', during: 'receive', after: 'auth' } as const;
  return timeRequests(instance, { clock: systemClock, registry, header: 'server-timing', begin });
}

/**
 * The hop that brought the answer has counted as routing until now: what of it the worker accounts for goes to the worker's phases, the
 * rest of it to the net. Hops that led elsewhere stay what they are.
 */
export function countHop(phases: Phases | undefined, hopMs: number, { headers }: Pick<WorkerAnswer, 'headers'>): void {
  phases?.reassign('route', hopPhases(headers[HOP_PHASES_HEADER], hopMs));
}

/** The same, of a hop that was all of its route: the phases that add up to its time. */
export function hopTimes(told: string, hopMs: number): Partial<PhaseTimes> {
  const times: Partial<Record<Phase, number>> = hopPhases(told, hopMs);
  const sumMs = sumOf(times);
  // Clocks of two machines differ in their rates, if little.
  if (sumMs > hopMs) for (const phase in times) times[phase as Phase] = ((times[phase as Phase] ?? 0) * hopMs) / sumMs;
  return times;
}

function hopPhases(header: string | readonly string[] | undefined, hopMs: number): Partial<PhaseTimes> {
  const told = parseServerTiming(header);
  return { ...told, net: (told.net ?? 0) + Math.max(0, hopMs - sumOf(told)) };
}
