import type { Phases } from '@leasehold/foundation';
import { PHASES, sumOf, systemClock } from '@leasehold/foundation';
import { HOP_PHASES_HEADER, parsePhaseList, parseServerTiming } from '@leasehold/protocol';
import type { RequestTimes } from '@leasehold/service-kit';
import { timeRequests } from '@leasehold/service-kit';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

import type { WorkerAnswer } from '../forwarding/worker-answer.js';

const NET = PHASES.indexOf('net');

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
  if (phases === undefined) return;
  const told = parseServerTiming(headers[HOP_PHASES_HEADER]);
  const net = (told.net ?? 0) + Math.max(0, hopMs - sumOf(told));
  phases.reassign('route', { ...told, net });
}

/** The same, of a hop that was all of its route, into a list of zeros. */
export function hopTimes(told: string, hopMs: number, into: number[]): void {
  const sumMs = parsePhaseList(told, into);
  if (sumMs <= hopMs) into[NET] = (into[NET] as number) + hopMs - sumMs;
  // Clocks of two machines differ in their rates, if little.
  else for (let place = 0; place < into.length; place++) into[place] = ((into[place] as number) * hopMs) / sumMs;
}
