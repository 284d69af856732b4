import type { BudgetEntry, DatabaseEntry, Directory, Principal, Spending } from '@leasehold/directory';
import type { Clock, TenantId } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import type { BudgetRefusal, Reservation, TenantBudgets } from './tenant-budgets.js';
import { UnbilledRequests } from './unbilled-requests.js';

/** What is known of a request's budgets from its admission until its answer. */
interface Reserved {
  /** Undefined: past a budget, for nothing. */
  readonly reservation: Reservation | undefined;
  readonly isRemoval: boolean;
  /** To whom it would be billed. */
  readonly tenantId: TenantId;
}

const RESERVED = Symbol('reserved');

interface GuardedRequest {
  [RESERVED]?: Reserved;
}

/** Who asks, and of whose database. */
export interface Spender {
  readonly principal: Pick<Principal, 'keyId'>;
  readonly database: Pick<DatabaseEntry, 'id' | 'tenantId'>;
}

const RETRY_AFTER_MS = 1_000;

/**
 * Stands between what a request asks for and the work: what it may come to is reserved of every budget that it counts against, and its answer
 * settles what it came to. Past a budget nothing more is written; reads and deletes go on at a small rate, for nothing, so that nobody is
 * locked out of their data (docs/budgets.md).
 */
export class BudgetGuard {
  private readonly unbilled: UnbilledRequests;

  constructor(
    private readonly directory: Pick<Directory, 'knownTenant' | 'tenant'>,
    private readonly budgets: TenantBudgets,
    private readonly clock: Clock,
    private readonly onRefused: (why: BudgetRefusal['why']) => void = () => undefined,
  ) {
    this.unbilled = new UnbilledRequests(clock);
  }

  /** @throws ProblemError too-many-requests: past a budget, and faster than what is free there */
  async read(request: FastifyRequest, spender: Spender, most: Spending): Promise<void> {
    // Reads of people are free.
    if (spender.principal.keyId === undefined) return;
    const refusal = await this.reserve(request, spender, most);
    if (refusal !== undefined) this.letIn(request, spender, false);
  }

  /** @throws ProblemError budget-exceeded; unavailable: the ledger does not answer, and what was held is spent. Nothing was applied */
  async write(request: FastifyRequest, spender: Spender, most: Spending): Promise<void> {
    const refusal = await this.reserve(request, spender, most);
    if (refusal !== undefined) throw this.refusalOf(refusal);
  }

  /** What takes something away, and adds nothing. @throws ProblemError too-many-requests: past a budget, as {@link read} */
  async remove(request: FastifyRequest, spender: Spender, most: Spending): Promise<void> {
    const refusal = await this.reserve(request, spender, most);
    if (refusal !== undefined) this.letIn(request, spender, true);
  }

  /** Whether it deletes past a budget, and the worker is to count nothing of it. */
  isUnbilledRemoval(request: FastifyRequest): boolean {
    return (request as GuardedRequest)[RESERVED]?.isRemoval === true;
  }

  /** More bytes of a stream. @returns false: past a budget, and for nothing */
  stream(spender: Spender, egressBytes: number): boolean {
    const known = this.directory.knownTenant(spender.database.tenantId)?.budgets;
    if (known === undefined || spender.principal.keyId === undefined) return true;
    return this.budgets.spend(applying(known, spender), { readUnits: 0, writeUnits: 0, egressBytes });
  }

  /**
   * The answer is there. Twice is once.
   * @param spent as it is billed; `all`: nobody knows what became of it
   * @returns false: it is past a budget, and for nothing
   */
  settle(request: FastifyRequest, spent: Spending | 'all'): boolean {
    const guarded = request as GuardedRequest;
    const reserved = guarded[RESERVED];
    if (reserved === undefined) return true;
    const { reservation, tenantId } = reserved;
    if (reservation === undefined) {
      if (spent !== 'all') this.unbilled.owe(tenantId, spent.egressBytes);
      return false;
    }
    delete guarded[RESERVED];
    this.budgets.settle(reservation, spent);
    return true;
  }

  private letIn(request: FastifyRequest, { database: { tenantId } }: Spender, isRemoval: boolean): void {
    this.unbilled.enter(tenantId);
    (request as GuardedRequest)[RESERVED] = { reservation: undefined, isRemoval, tenantId };
  }

  /** Undefined: it is reserved. */
  private async reserve(request: FastifyRequest, spender: Spender, most: Spending): Promise<BudgetRefusal | undefined> {
    const { tenantId } = spender.database;
    // Where nobody can tell, there are none.
    const owner =
      this.directory.knownTenant(tenantId) ?? (await this.directory.tenant(tenantId).catch(() => undefined));
    const entries = owner?.budgets && applying(owner.budgets, spender);
    if (entries === undefined || entries.length === 0) return undefined;
    const reservation =
      this.budgets.reserveHeld(entries, most) ?? (await this.budgets.reserve(tenantId, entries, most));
    if ('why' in reservation) {
      this.onRefused(reservation.why);
      return reservation;
    }
    (request as GuardedRequest)[RESERVED] = { reservation, isRemoval: false, tenantId };
    return undefined;
  }

  private refusalOf({ budget: { id, scope, subjectId }, why }: BudgetRefusal): ProblemError {
    if (why === 'unknown') {
      return new ProblemError('unavailable', 'what is left of a budget cannot be asked, and what was known is spent', {
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    const now = new Date(this.clock.now());
    const endsAt = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1));
    const whose = { organization: 'the organization', database: 'the database', key: 'the API key' }[scope];
    return new ProblemError('budget-exceeded', `the budget of ${whose} is used up for this month`, {
      members: { budget: { id, scope, subject: subjectId === '' ? null : subjectId }, resetsAt: endsAt.toISOString() },
    });
  }
}

/** Those that what is asked counts against. A guest's key is none of the owner's. */
function applying(budgets: readonly BudgetEntry[], { principal, database }: Spender): readonly BudgetEntry[] {
  return budgets.filter(({ scope, subjectId }) => {
    if (scope === 'organization') return true;
    return scope === 'database' ? subjectId === database.id : subjectId === principal.keyId;
  });
}
