import { systemClock } from '@leasehold/foundation';
import { HOP_PHASES_HEADER } from '@leasehold/protocol';
import type { RequestTimes } from '@leasehold/service-kit';
import { timeRequests } from '@leasehold/service-kit';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

/** Each answer of the worker tells the gateway where its time went (docs/server-timing.md). To be called before other hooks are added. */
export function timeWorker(instance: FastifyInstance, registry: Registry): RequestTimes {
  // The body of a hop is still on its way from the gateway.
  const begin = { before: 'other', during: 'net', after: 'other' } as const;
  return timeRequests(instance, { clock: systemClock, registry, header: HOP_PHASES_HEADER, begin });
}
