import type { Clock, DatabaseId, PhaseList } from '@leasehold/foundation';
import { phaseList } from '@leasehold/foundation';
import type { TrafficMeter } from '@leasehold/metering';
import { phasesOf } from '@leasehold/service-kit';
import type { FastifyInstance } from 'fastify';

import { databaseOf } from '../usage/read-usage.js';

const FAILURE_FROM = 500;
/** It has no end to tell of. */
const STREAM = 'text/event-stream';

/** How many requests each database has, and how long they take (docs/formats/traffic.md). */
export class RequestTraffic {
  constructor(
    private readonly meter: TrafficMeter,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  answered(database: DatabaseId, status: number, elapsedMs: number, phases: PhaseList): void {
    this.meter.answered(database, { at: this.clock.now(), elapsedMs, isError: status >= FAILURE_FROM, phases });
  }
}

/** Counts the answers of all routes. What goes ahead of them tells by itself. Hooks that end the phases come before. */
export function countTraffic(instance: FastifyInstance, traffic: RequestTraffic): void {
  instance.addHook('onSend', (request, reply, _payload, done) => {
    const database = databaseOf(request);
    if (database !== undefined && !String(reply.getHeader('content-type')).startsWith(STREAM)) {
      traffic.answered(database.id, reply.statusCode, reply.elapsedTime, phaseList(phasesOf(request)?.times()));
    }
    done();
  });
}
