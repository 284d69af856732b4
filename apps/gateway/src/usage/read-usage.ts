import type { DatabaseEntry } from '@leasehold/directory';
import type { Clock, DatabaseId } from '@leasehold/foundation';
import type { UsageMeter } from '@leasehold/metering';
import { COST_HEADER, parseCost, type Cost } from '@leasehold/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { principalOf } from '../limits/limit-tenants.js';

const DATABASE = Symbol('database');

interface MeteredRequest {
  [DATABASE]?: DatabaseId;
}

const SUCCESS_BELOW = 400;

/**
 * What reads came to, as clients were told it by `Leasehold-Cost`: a read that was asked of two workers, because the answer of the first one was lost, counts once. So reads are metered
 * here, and writes where they become durable.
 */
export class ReadUsage {
  constructor(
    private readonly meter: UsageMeter,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** @param keyId of who asked; undefined: a person, by a token, who is not billed */
  answered(database: DatabaseId, keyId: string | undefined, { readUnits }: Cost, egressBytes: number): void {
    if (readUnits === 0) return;
    this.meter.read(database, this.clock.now(), keyId ?? null, { requests: 1, readUnits, egressBytes });
  }

  /** So many bytes more of a stream, whose request is told by nothing else. */
  streamed(request: FastifyRequest, egressBytes: number): void {
    const database = (request as MeteredRequest)[DATABASE];
    const keyId = principalOf(request)?.keyId ?? null;
    if (database) this.meter.read(database, this.clock.now(), keyId, { requests: 0, readUnits: 0, egressBytes });
  }
}

/** Of whose database a request is, once that is known. */
export function noteDatabase(request: FastifyRequest, { id }: Pick<DatabaseEntry, 'id'>): void {
  (request as MeteredRequest)[DATABASE] = id;
}

/** Meters the answers of all routes. What goes ahead of them tells by itself. */
export function meterReads(instance: FastifyInstance, usage: ReadUsage): void {
  instance.addHook('onSend', (request, reply, payload, done) => {
    const database = (request as MeteredRequest)[DATABASE];
    if (database !== undefined) {
      // Of HEAD the body is here, too: it is left out behind this.
      const isSent = reply.statusCode < SUCCESS_BELOW && request.method !== 'HEAD';
      const bytes = typeof payload === 'string' || payload instanceof Uint8Array ? Buffer.byteLength(payload) : 0;
      const cost = parseCost(reply.getHeader(COST_HEADER));
      usage.answered(database, principalOf(request)?.keyId, cost, isSent ? bytes : 0);
    }
    done();
  });
}
