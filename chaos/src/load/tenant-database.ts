import type { DatabaseId, TenantId, Version } from '@leasehold/foundation';
import { parseVersion } from '@leasehold/foundation';

import type { Attempt, Condition, SumAttempt } from '../ledger/attempt.js';
import type { DatabaseRecord, ReadAttempt } from '../ledger/database-record.js';
import { encodeValue } from '../ledger/stored-value.js';
import { operandAt } from '../ledger/tally-record.js';
import type { HttpRequest } from './http-client.js';
import type { DatabaseShape, Operation } from './operation.js';
import { keysWithPrefix } from './operation.js';
import type { Outcome } from './outcome.js';

/** Sends one request and tells what came of it; whichever way it goes. */
export type Send = (request: HttpRequest) => Promise<Outcome>;

/** A request that is ready to be sent, and the one who judges what comes of it. */
export interface PreparedRequest {
  readonly request: HttpRequest;
  readonly isWrite: boolean;
  /** It has an idempotency key: whoever was not told what became of it may send it again as it is. */
  readonly isKeyed: boolean;
  /** Of all that were sent under one idempotency key, what it came to in the end. */
  readonly judge: (outcome: Outcome, nowMs: number) => void;
  /** It was done, at `first`, and was sent once more. */
  readonly judgeRepetition: (first: Version, again: Outcome) => void;
}

/** Keys with so many writes of unknown outcome are left alone: nothing that they show could be wrong. */
const OPEN_LIMIT = 64;

/** Numbers of writes, unique in a run. */
export class WriteNumbers {
  private last = 0;

  next(): number {
    return ++this.last;
  }
}

/** One database as its tenant uses it: makes requests of operations, and remembers what was answered. */
export class TenantDatabase {
  constructor(
    readonly id: DatabaseId,
    readonly tenantId: TenantId,
    readonly name: string,
    readonly shape: DatabaseShape,
    readonly record: DatabaseRecord,
    private readonly route: Route,
    private readonly writes: WriteNumbers,
  ) {}

  /** The same database by another way. */
  by(route: Route): TenantDatabase {
    return new TenantDatabase(this.id, this.tenantId, this.name, this.shape, this.record, route, this.writes);
  }

  /** @param isKeyed whether a write gets an idempotency key */
  prepare(operation: Operation, nowMs: number, isKeyed = false): PreparedRequest {
    switch (operation.kind) {
      case 'get':
        return this.get(operation.key, nowMs);
      case 'list':
        return this.list(operation.prefix, nowMs);
      case 'put':
        return this.write('put', operation.key, { kind: 'none' }, nowMs, {
          isKeyed,
          sizeBytes: operation.sizeBytes,
        });
      case 'create':
        return this.write('put', operation.key, { kind: 'absent' }, nowMs, {
          isKeyed,
          sizeBytes: operation.sizeBytes,
        });
      case 'increment':
        return this.increment(operation.key, nowMs, isKeyed);
      case 'delete':
        return this.write('delete', operation.key, { kind: 'none' }, nowMs, { isKeyed });
      case 'delete-exact': {
        const { version, sequence } = this.record.floorOf(operation.key);
        if (version === undefined) return this.get(operation.key, nowMs);
        return this.write('delete', operation.key, { kind: 'match', sequence }, nowMs, { isKeyed, match: version });
      }
      case 'sum':
        return this.sum(isKeyed);
      case 'get-tally': {
        const { keys } = this.record.tallies;
        const key = keys[operation.number % keys.length];
        return key === undefined ? this.sum(isKeyed) : this.getTally(key);
      }
    }
  }

  get(key: string, nowMs: number, ifOlder: 'stale' | 'lost' = 'stale'): PreparedRequest {
    const read = this.record.beginRead(key, nowMs);
    return this.reading(this.route.key(key), (outcome) => this.judgeGet(read, outcome, ifOlder));
  }

  getTally(key: string, ifMissing: 'stale' | 'lost' = 'stale'): PreparedRequest {
    const { record } = this;
    const read = record.tallies.beginRead(key);
    return this.reading(this.route.key(key), (outcome) => {
      if (outcome.kind === 'absent') record.endTallyRead(read, 'absent', ifMissing);
      if (outcome.kind !== 'done' || outcome.version === undefined) return;
      record.endTallyRead(read, { version: outcome.version, bytes: outcome.body }, ifMissing);
    });
  }

  private reading(resource: string, judge: (outcome: Outcome) => void): PreparedRequest {
    const request = this.route.request('GET', resource);
    return { request, isWrite: false, isKeyed: false, judge, judgeRepetition: () => undefined };
  }

  /** Who owns it, and more. */
  stats(): HttpRequest {
    return this.route.request('GET', 'stats');
  }

  /** By compare-and-swap on what is known; whoever knows too little is refused and learns nothing from it. */
  private increment(key: string, nowMs: number, isKeyed: boolean): PreparedRequest {
    const { version, sequence, count } = this.record.floorOf(key);
    const condition: Condition = version === undefined ? { kind: 'absent' } : { kind: 'match', sequence };
    return this.write('put', key, condition, nowMs, { isKeyed, count: count + 1, match: version });
  }

  private write(
    effect: 'put' | 'delete',
    key: string,
    condition: Condition,
    nowMs: number,
    more: {
      readonly isKeyed: boolean;
      readonly sizeBytes?: number;
      readonly count?: number;
      readonly match?: string;
    },
  ): PreparedRequest {
    if (this.record.openAttempts(key) >= OPEN_LIMIT) return this.get(key, nowMs);
    const { isKeyed, sizeBytes = 0, count = 0, match } = more;
    const attempt = this.record.beginWrite({ write: this.writes.next(), key, effect, count }, condition, nowMs);
    const value =
      effect === 'put' ? encodeValue({ database: this.name, key, write: attempt.write, count }, sizeBytes) : undefined;
    const headers: Record<string, string> = isKeyed ? idempotencyKeyOf(attempt.write) : {};
    if (condition.kind === 'absent') headers['if-none-match'] = '*';
    if (condition.kind === 'match') headers['if-match'] = `"${match ?? ''}"`;
    return {
      request: this.route.request(effect === 'put' ? 'PUT' : 'DELETE', this.route.key(key), headers, value),
      isWrite: true,
      isKeyed,
      judge: (outcome, endedMs) => this.judgeWrite(attempt, outcome, endedMs),
      judgeRepetition: (first, again) => this.judgeRepetition(key, first, again),
    };
  }

  private sum(isKeyed: boolean): PreparedRequest {
    const attempt = this.record.beginSum(this.writes.next());
    const { key, place, write } = attempt;
    // Numbers of JSON are not whole beyond 2^53.
    const body = { ops: [{ op: 'sum', key, operand: String(operandAt(place)) }] };
    const headers = { 'content-type': 'application/json', ...(isKeyed ? idempotencyKeyOf(write) : {}) };
    return {
      request: this.route.request('POST', 'transactions', headers, Buffer.from(JSON.stringify(body))),
      isWrite: true,
      isKeyed,
      judge: (outcome) => this.judgeSum(attempt, outcome),
      judgeRepetition: (first, again) => this.judgeRepetition(key, first, again),
    };
  }

  private judgeSum(attempt: SumAttempt, outcome: Outcome): void {
    const { record } = this;
    switch (outcome.kind) {
      case 'done':
        if (outcome.version === undefined) return record.loseSum(attempt);
        return record.acknowledgeSum(attempt, outcome.version);
      case 'unknown':
        return record.loseSum(attempt);
      case 'not-applied':
        return record.tallies.reject(attempt, `${outcome.code} ${outcome.requestId ?? ''}`);
      default:
        // It has no condition that could fail.
        return record.tallies.reject(attempt, outcome.kind);
    }
  }

  private judgeRepetition(key: string, first: Version, again: Outcome): void {
    const { record } = this;
    if (again.kind === 'refused' || again.kind === 'absent') return record.repeat(key, first, undefined);
    if (again.kind !== 'done' || again.version === undefined) return;
    record.repeat(key, first, { version: again.version, isReplayed: again.isReplayed });
  }

  private judgeWrite(attempt: Attempt, outcome: Outcome, nowMs: number): void {
    const { record } = this;
    switch (outcome.kind) {
      case 'done':
        if (outcome.version === undefined) return record.lose(attempt, nowMs);
        return record.acknowledge(attempt, outcome.version);
      case 'refused':
        return record.refuse(attempt, outcome.present);
      case 'absent':
        return record.reject(attempt, 'absent');
      case 'not-applied':
        return record.reject(attempt, `${outcome.code} ${outcome.requestId ?? ''}`);
      case 'unknown':
        return record.lose(attempt, nowMs);
    }
  }

  private judgeGet(read: ReadAttempt, outcome: Outcome, ifOlder: 'stale' | 'lost'): void {
    if (outcome.kind === 'absent') this.record.endRead(read, 'absent', ifOlder);
    if (outcome.kind !== 'done' || outcome.version === undefined) return;
    this.record.endRead(read, { version: outcome.version, bytes: outcome.body }, ifOlder);
  }

  private list(prefix: string, nowMs: number): PreparedRequest {
    const reads = keysWithPrefix(this.shape, prefix).map((key) => this.record.beginRead(key, nowMs));
    return this.reading(this.route.listing(prefix), (outcome) => {
      if (outcome.kind === 'done') this.judgePage(reads, outcome.body);
    });
  }

  private judgePage(reads: readonly ReadAttempt[], body: Uint8Array): void {
    const page = JSON.parse(Buffer.from(body).toString('utf8')) as Page;
    const entries = new Map(page.entries.map((entry) => [Buffer.from(entry.key, 'base64').toString(), entry]));
    // A page that goes on has said nothing of the keys behind its last one.
    const last = page.cursor === null ? undefined : [...entries.keys()].at(-1);
    for (const read of reads) {
      const entry = entries.get(read.key);
      entries.delete(read.key);
      const version = entry && parseVersion(entry.version);
      if (entry && version) this.record.endRead(read, { version, bytes: Buffer.from(entry.value, 'base64') });
      else if (last === undefined || read.key <= last) this.record.endRead(read, 'absent');
    }
    for (const key of entries.keys()) this.record.reportForeign(key);
  }
}

function idempotencyKeyOf(write: number): Record<string, string> {
  return { 'idempotency-key': `chaos-${write}` };
}

interface Page {
  readonly entries: readonly { readonly key: string; readonly value: string; readonly version: string }[];
  readonly cursor: string | null;
}

/** How requests to one database are spelled. */
export interface Route {
  key(key: string): string;
  /** Of all entries with the prefix, encoded as base64. */
  listing(prefix: string): string;
  request(
    method: HttpRequest['method'],
    resource: string,
    headers?: Readonly<Record<string, string>>,
    body?: Uint8Array,
  ): HttpRequest;
}

/** By a gateway, as tenants do. */
export function publicRoute(name: string, apiKey: string): Route {
  return {
    key: (key) => `keys/${encodeURIComponent(key)}`,
    listing: (prefix) => `keys?prefix=${encodeURIComponent(prefix)}&limit=1000&encoding=base64`,
    request: (method, resource, headers = {}, body) => ({
      method,
      path: `/v1/db/${name}/${resource}`,
      headers: { authorization: `Bearer ${apiKey}`, ...headers },
      body,
    }),
  };
}
