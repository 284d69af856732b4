import type { Directory, Principal } from '@leasehold/directory';
import { grantsName } from '@leasehold/directory';
import type { Clock, TenantId } from '@leasehold/foundation';
import { isDatabaseName, ProblemError } from '@leasehold/protocol';

import { TokenBucket } from '../limits/token-bucket.js';
import { requireScope } from './caller.js';

export const CREATE_HEADER = 'leasehold-create-database';
const IF_MISSING = 'if-missing';

/** Of one tenant at one gateway. A row in Postgres each: whoever fills a fleet at once takes the control plane, or waits. */
const PACE = { tokensPerSecond: 20, burstTokens: 100 };
/** Tenants whose pace is remembered; the one that has been here the longest goes first, and begins anew. */
const MAX_TENANTS = 10_000;
/** At the same time, of all tenants: the directory has few connections, and those who look something up come first. */
const MAX_UNDER_WAY = 16;
const RETRY_AFTER_MS = 1_000;

/** Makes databases for writes that say so, where there are none. */
export class FirstWriteCreation {
  private readonly paces = new Map<TenantId, TokenBucket>();
  private underWay = 0;

  constructor(
    private readonly directory: Pick<Directory, 'createDatabase'>,
    private readonly clock: Clock,
  ) {}

  /**
   * Whether a request wants its database to be made.
   * @throws ProblemError invalid-request: it says something else
   */
  static isWantedBy(header: string | readonly string[] | undefined): boolean {
    if (header === undefined) return false;
    if (header === IF_MISSING) return true;
    throw new ProblemError('invalid-request', `${CREATE_HEADER} is ${IF_MISSING}, or not given`);
  }

  /** @throws ProblemError insufficient-scope; database-not-found: the key is not for such a database */
  static requireMaker(principal: Principal, name: string): void {
    const { grant } = principal;
    for (const scope of ['data:write', 'db:create'] as const) requireScope(principal, scope);
    // A token is for a database that there was; another's databases are not made by others.
    const mayMake = isDatabaseName(name) && grant?.database === undefined && grantsName(grant, name);
    if (!mayMake) throw notFound();
  }

  /**
   * Makes the database for one who may. The caller looks it up then: it may be another's work.
   *
   * @throws ProblemError database-not-found: none can be made here; too-many-requests, overloaded; LeaseholdError of kind `quota` or
   *   `unavailable`. The write was not applied
   */
  async make(tenantId: TenantId, name: string): Promise<void> {
    if (this.underWay >= MAX_UNDER_WAY) {
      throw new ProblemError('overloaded', 'too many databases are being made', { retryAfterMs: RETRY_AFTER_MS });
    }
    const pace = this.paceOf(tenantId);
    const nowMs = this.clock.monotonic();
    if (!pace.take(nowMs)) {
      const retryAfterMs = Math.ceil(pace.msUntilNext(nowMs));
      throw new ProblemError('too-many-requests', 'the tenant makes databases too fast', { retryAfterMs });
    }
    this.underWay++;
    try {
      if (!(await this.directory.createDatabase(tenantId, name))) throw notFound();
    } finally {
      this.underWay--;
    }
  }

  private paceOf(tenantId: TenantId): TokenBucket {
    const known = this.paces.get(tenantId);
    if (known !== undefined) return known;
    const pace = new TokenBucket(PACE, this.clock.monotonic());
    this.paces.set(tenantId, pace);
    const [oldest] = this.paces.keys();
    if (this.paces.size > MAX_TENANTS && oldest !== undefined) this.paces.delete(oldest);
    return pace;
  }
}

function notFound(): ProblemError {
  return new ProblemError('database-not-found', 'the tenant of the key has no such database');
}
