import { MAX_BUDGET_ASKS, type BudgetLedger } from '@leasehold/directory';
import { LeaseholdError, type Clock, type Timer } from '@leasehold/foundation';

import type { TenantBudgets } from './tenant-budgets.js';

export interface BudgetExchangeContext {
  readonly clock: Clock;
  /** Told once when the ledger stops answering, and once when it answers again. */
  readonly onOutage?: (error: unknown) => void;
  readonly onRecovery?: () => void;
}

/** Between two exchanges where nobody waits: within this and one statement a raise is known. */
const INTERVAL_MS = 1_000;
/** Where somebody waits: those who come in the meantime go with them. */
const MIN_GAP_MS = 15;
/** Of {@link MAX_BUDGET_ASKS}, in which everything is given back at the end. */
const MAX_LEAVING_LOTS = 20;
/** Shorter times say nothing about how much is asked in a second. */
const MIN_TICK_MS = 500;

/** Keeps what this gateway holds of budgets in step with the ledger: once a second, and at once where a request waits for more. */
export class BudgetExchange {
  private stopping: AbortController | undefined;
  private running: Promise<void> = Promise.resolve();
  private wakeUp: (() => void) | undefined;
  private isNeeded = false;
  private isFailing = false;
  private tickedMs = 0;

  constructor(
    private readonly budgets: TenantBudgets,
    private readonly ledger: BudgetLedger,
    private readonly context: BudgetExchangeContext,
  ) {}

  start(): void {
    if (this.stopping) return;
    this.stopping = new AbortController();
    this.tickedMs = this.context.clock.monotonic();
    this.running = this.goOn(this.stopping.signal);
  }

  /** Resolves when everything that is not under way is given back, as far as the ledger can be told. */
  async stop(): Promise<void> {
    this.stopping?.abort(new LeaseholdError('closed', 'closed', 'budgets are not kept any more'));
    this.stopping = undefined;
    this.wakeUp?.();
    await this.running;
    for (let lot = 0; lot < MAX_LEAVING_LOTS && (await this.exchange(true)) >= MAX_BUDGET_ASKS; lot++);
  }

  /** Somebody waits for the next one. */
  hurry(): void {
    this.isNeeded = true;
    this.wakeUp?.();
  }

  private async goOn(signal: AbortSignal): Promise<void> {
    const { clock } = this.context;
    while (!signal.aborted) {
      await this.pause(INTERVAL_MS, () => this.isNeeded || signal.aborted);
      if (signal.aborted) return;
      this.isNeeded = false;
      await this.pause(MIN_GAP_MS, () => signal.aborted);
      if (signal.aborted) return;
      const nowMs = clock.monotonic();
      if (nowMs - this.tickedMs >= MIN_TICK_MS) {
        this.budgets.tick((nowMs - this.tickedMs) / 1_000);
        this.tickedMs = nowMs;
      }
      await this.exchange(false);
    }
  }

  /** So long, or until it is enough. */
  private async pause(ms: number, isEnough: () => boolean): Promise<void> {
    if (isEnough()) return;
    await new Promise<void>((resolve) => {
      const timer: Timer = this.context.clock.schedule(ms, () => end());
      const end = () => {
        timer.cancel();
        this.wakeUp = undefined;
        resolve();
      };
      this.wakeUp = () => {
        if (isEnough()) end();
      };
    });
  }

  /** @returns for how many it has asked; 0: for none, or in vain */
  private async exchange(isLeaving: boolean): Promise<number> {
    const asks = this.budgets.asks(isLeaving);
    if (asks.length === 0) return 0;
    try {
      this.budgets.hear(asks, await this.ledger.exchange(asks));
      // Others wait behind them.
      if (asks.length >= MAX_BUDGET_ASKS) this.isNeeded = true;
      if (this.isFailing) this.context.onRecovery?.();
      this.isFailing = false;
      return asks.length;
    } catch (error) {
      this.budgets.miss(asks);
      if (!this.isFailing) this.context.onOutage?.(error);
      this.isFailing = true;
      // Who waits has been told; the others can wait.
      this.isNeeded = false;
      return 0;
    }
  }
}
