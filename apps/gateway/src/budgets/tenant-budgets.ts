import type { BudgetAsk, BudgetEntry, BudgetGrant, Spending } from '@leasehold/directory';
import { budgetMonthOf, MAX_BUDGET_ASKS, weigh } from '@leasehold/directory';
import type { Clock, TenantId } from '@leasehold/foundation';

import { BudgetAccount } from './budget-account.js';
import { BudgetWaiters } from './budget-waiters.js';

/** What a request may come to, held of each budget that it counts against. To be settled once. */
export type Reservation = readonly { readonly account: BudgetAccount; readonly amount: number }[];

/** Why nothing was reserved. */
export interface BudgetRefusal {
  readonly budget: BudgetEntry;
  /** `used-up`: the ledger has said so. `unknown`: it does not answer, and what was held is spent; or too many wait for its answer. */
  readonly why: 'used-up' | 'unknown';
}

export interface TenantBudgetsSettings {
  /** Of this process, drawn at its start. */
  readonly gatewayId: string;
  /** Somebody waits for an exchange: the sooner it is, the better. */
  readonly onNeed: () => void;
  /** A request waits for so long for what the ledger may have; default 1,000. */
  readonly maxWaitMs?: number;
  /** Requests that wait, at most; default 1,000. Tenants share these places. */
  readonly maxWaiting?: number;
  /** Accounts that are remembered; default 100,000. Those that have nothing to tell go first. */
  readonly maxAccounts?: number;
}

const DEFAULT_MAX_WAIT_MS = 1_000;
const DEFAULT_MAX_WAITING = 1_000;
const DEFAULT_MAX_ACCOUNTS = 100_000;
/** What nobody has asked for in so long is given back. */
const IDLE_AFTER_MS = 5_000;
/** After a settlement there is room for few: more of them would only look and wait on. */
const WOKEN_BY_SETTLEMENT = 8;
/** An account that nobody has used for so long is forgotten, once it has given everything back. The ledger knows (`budget_memory`). */
const FORGOTTEN_AFTER_MS = 600_000;

/** Budgets at one gateway: what it holds of each, who waits for more, and what is told to the ledger. */
export class TenantBudgets {
  private readonly accounts = new Map<string, BudgetAccount>();
  private readonly waiting: BudgetWaiters;
  private made = 0;
  private isSilent = false;
  /** The month that was asked for last, from when on it lasts, and until when. */
  private month = 0;
  private monthBeginsAt = 0;
  private monthEndsAt = 0;

  constructor(
    private readonly clock: Clock,
    private readonly settings: TenantBudgetsSettings,
  ) {
    this.waiting = new BudgetWaiters(clock, settings.maxWaiting ?? DEFAULT_MAX_WAITING);
  }

  /** Accounts that are remembered. */
  get count(): number {
    return this.accounts.size;
  }

  get waitingCount(): number {
    return this.waiting.count;
  }

  /** The same without waiting, of what is held. Undefined: not all of it is, and nothing was reserved. */
  reserveHeld(budgets: readonly BudgetEntry[], most: Spending): Reservation | undefined {
    const wanted = this.wantedOf(budgets, most);
    return this.hold(wanted) ? wanted : undefined;
  }

  /**
   * Waits for a bounded time where the ledger may have more. Of several budgets everything is reserved, or nothing.
   * @param budgets of that tenant
   */
  async reserve(
    tenantId: TenantId,
    budgets: readonly BudgetEntry[],
    most: Spending,
  ): Promise<Reservation | BudgetRefusal> {
    const endsAtMs = this.clock.monotonic() + (this.settings.maxWaitMs ?? DEFAULT_MAX_WAIT_MS);
    for (;;) {
      const wanted = this.wantedOf(budgets, most);
      const lacking = wanted.find(({ account, amount }) => account.room < amount);
      if (lacking === undefined) {
        this.hold(wanted);
        return wanted;
      }
      const { account, amount } = lacking;
      const verdict = account.judge(amount);
      if (verdict === 'used-up') {
        account.refuse();
        return { budget: account.budget, why: 'used-up' };
      }
      // Of the others, too: what is held of them must not be given back meanwhile.
      for (const each of wanted) each.account.need(each.amount);
      if (this.isSilent && account.overdraw()) continue;
      const leftMs = endsAtMs - this.clock.monotonic();
      if (leftMs <= 0 || this.isSilent) return { budget: account.budget, why: 'unknown' };
      this.settings.onNeed();
      if ((await this.waiting.wait(tenantId, leftMs)) === 'turned-away')
        return { budget: account.budget, why: 'unknown' };
    }
  }

  settle(reservation: Reservation, spent: Spending | 'all'): void {
    for (const { account, amount } of reservation) {
      account.settle(amount, spent === 'all' ? amount : weigh(spent, account.budget.weights));
    }
    this.waiting.wake(WOKEN_BY_SETTLEMENT);
  }

  /** What was used already, whether or not it was held. @returns false: one of the budgets is used up, and nothing was counted */
  spend(budgets: readonly BudgetEntry[], spent: Spending): boolean {
    const owed = this.wantedOf(budgets, spent);
    if (owed.some(({ account, amount }) => account.judge(amount) === 'used-up')) return false;
    for (const { account, amount } of owed) account.spend(amount);
    return true;
  }

  /** A second is over, or so. */
  tick(elapsedSeconds: number): void {
    const nowMs = this.clock.monotonic();
    const most = this.settings.maxAccounts ?? DEFAULT_MAX_ACCOUNTS;
    for (const [place, account] of this.accounts) {
      account.tick(elapsedSeconds);
      const isOld = nowMs - account.usedAtMs > FORGOTTEN_AFTER_MS;
      if (account.isOver && (isOld || this.accounts.size > most)) this.accounts.delete(place);
    }
  }

  /** What to ask the ledger now. What is left out for want of room is asked the next time, in front. */
  asks(isLeaving = false): readonly BudgetAsk[] {
    const asking: BudgetAsk[] = [];
    for (const [place, account] of [...this.accounts]) {
      if (!account.hasToAsk) continue;
      if (asking.length >= MAX_BUDGET_ASKS) break;
      asking.push(account.ask(isLeaving ? 'nothing' : this.holdingOf(account)));
      // Behind the others.
      this.accounts.delete(place);
      this.accounts.set(place, account);
    }
    return asking;
  }

  hear(asks: readonly BudgetAsk[], grants: readonly BudgetGrant[]): void {
    this.isSilent = false;
    const told = new Map(grants.map((grant) => [placeOf(grant.budgetId, grant.month), grant]));
    for (const { budgetId, month } of asks) {
      const place = placeOf(budgetId, month);
      const grant = told.get(place);
      if (grant !== undefined) this.accounts.get(place)?.hear(grant);
      // It is not enforced any more: the directory says so too, a little later.
      else this.accounts.delete(place);
    }
    this.waiting.wake(Infinity);
  }

  /** The ledger has not answered. */
  miss(asks: readonly BudgetAsk[]): void {
    this.isSilent = true;
    for (const { budgetId, month } of asks) this.accounts.get(placeOf(budgetId, month))?.miss();
    this.waiting.wake(Infinity);
  }

  private holdingOf({ usedAtMs }: BudgetAccount): 'everything' | 'at-hand' | 'nothing' {
    if (this.isSilent) return 'everything';
    return this.clock.monotonic() - usedAtMs > IDLE_AFTER_MS ? 'nothing' : 'at-hand';
  }

  private hold(wanted: Reservation): boolean {
    if (wanted.some(({ account, amount }) => account.room < amount)) return false;
    for (const { account, amount } of wanted) account.reserve(amount);
    return true;
  }

  private wantedOf(budgets: readonly BudgetEntry[], most: Spending): Reservation {
    return budgets.map((budget) => ({ account: this.accountOf(budget), amount: weigh(most, budget.weights) }));
  }

  private accountOf(budget: BudgetEntry): BudgetAccount {
    const nowMs = this.clock.monotonic();
    const month = this.presentMonth();
    const place = placeOf(budget.id, month);
    const known = this.accounts.get(place);
    if (known !== undefined) {
      known.budget = budget;
      known.usedAtMs = nowMs;
      return known;
    }
    const account = new BudgetAccount(budget, month, `${this.settings.gatewayId}.${++this.made}`, nowMs);
    this.accounts.set(place, account);
    return account;
  }

  private presentMonth(): number {
    const now = this.clock.now();
    // Before it, too: a clock that was ahead, and is set right.
    if (now < this.monthBeginsAt || now >= this.monthEndsAt) {
      this.month = budgetMonthOf(now);
      const date = new Date(now);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      this.monthBeginsAt = Date.UTC(year, month);
      this.monthEndsAt = Date.UTC(year, month + 1);
    }
    return this.month;
  }
}

function placeOf(budgetId: string, month: number): string {
  return `${budgetId} ${month}`;
}
