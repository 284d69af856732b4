import type { DatabaseEntry } from '@leasehold/directory';
import type { Clock, DatabaseId } from '@leasehold/foundation';
import type { UsageMeter } from '@leasehold/metering';
import { COST_HEADER, formatCost, parseCost, type Cost } from '@leasehold/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { BudgetGuard } from '../budgets/budget-guard.js';
import { principalOf } from '../limits/limit-tenants.js';
import { isOfUnknownOutcome } from './unknown-outcome.js';

const DATABASE = Symbol('database');

interface MeteredRequest {
  [DATABASE]?: MeteredDatabase;
}

type MeteredDatabase = Pick<DatabaseEntry, 'id' | 'tenantId'>;

const SUCCESS_BELOW = 400;
const NO_COST: Cost = { readUnits: 0, writeUnits: 0 };

/**
 * What reads came to, as clients were told it by `Leasehold-Cost`: a read that was asked of two workers, because the answer of the first one was lost, counts once. So reads are metered
 * here, and writes where they become durable.
 */
export class ReadUsage {
  constructor(
    private readonly meter: UsageMeter,
    private readonly clock: Pick<Clock, 'now'>,
    private readonly budgets?: BudgetGuard,
  ) {}

  /** @param keyId of who asked; undefined: who is not billed: a person, by a token, or somebody past a budget */
  answered(database: DatabaseId, keyId: string | undefined, { readUnits }: Cost, egressBytes: number): void {
    if (readUnits === 0) return;
    this.meter.read(database, this.clock.now(), keyId ?? null, { requests: 1, readUnits, egressBytes });
  }

  /** So many bytes more of a stream, whose request is told by nothing else. */
  streamed(request: FastifyRequest, egressBytes: number): void {
    const database = (request as MeteredRequest)[DATABASE];
    const principal = principalOf(request);
    if (database === undefined || principal === undefined) return;
    const isBilled = this.budgets?.stream({ principal, database }, egressBytes) ?? true;
    const keyId = isBilled ? (principal.keyId ?? null) : null;
    this.meter.read(database.id, this.clock.now(), keyId, { requests: 0, readUnits: 0, egressBytes });
  }
}

/** Of whose database a request is, once that is known. */
export function noteDatabase(request: FastifyRequest, database: MeteredDatabase): void {
  (request as MeteredRequest)[DATABASE] = database;
}

/** Undefined: it is not known yet, or of none. */
export function databaseOf(request: FastifyRequest): MeteredDatabase | undefined {
  return (request as MeteredRequest)[DATABASE];
}

/** Meters the answers of all routes, and settles what was reserved for them. What goes ahead of them tells by itself. */
export function meterReads(
  instance: FastifyInstance,
  usage: ReadUsage | undefined,
  budgets: BudgetGuard | undefined,
): void {
  instance.addHook('onSend', (request, reply, payload, done) => {
    const database = (request as MeteredRequest)[DATABASE];
    if (database !== undefined) {
      // Of HEAD the body is here, too: it is left out behind this.
      const isSent = reply.statusCode < SUCCESS_BELOW && request.method !== 'HEAD';
      const bytes = typeof payload === 'string' || payload instanceof Uint8Array ? Buffer.byteLength(payload) : 0;
      const told = reply.getHeader(COST_HEADER);
      const cost = parseCost(told);
      const egressBytes = isSent ? bytes : 0;
      const isUnclear = told === undefined && isOfUnknownOutcome(reply.statusCode, payload);
      // As records tell it: what people read is free, and bytes go with reads.
      const isRead = cost.readUnits > 0 && principalOf(request)?.keyId !== undefined;
      const spent = { ...cost, ...(isRead ? { egressBytes } : { readUnits: 0, egressBytes: 0 }) };
      const isBilled = budgets?.settle(request, isUnclear ? 'all' : spent) ?? true;
      if (!isBilled && told !== undefined) void reply.header(COST_HEADER, formatCost(NO_COST));
      usage?.answered(database.id, isBilled ? principalOf(request)?.keyId : undefined, cost, egressBytes);
    }
    done();
  });
}
