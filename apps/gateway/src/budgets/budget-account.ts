import type { BudgetAsk, BudgetEntry, BudgetGrant } from '@leasehold/directory';
import { assert } from '@leasehold/foundation';

import { DemandMeter } from '../limits/demand-meter.js';

/** A gateway holds what it spends in so long, where there is enough: so long it goes on without the ledger. */
const HOLD_SECONDS = 120;
/** Held at least while there is something to do, so that a few requests do not each wait for the ledger. */
const MIN_HELD_UNITS = 100;
/** More is not wanted at hand, whatever things cost: one number that the ledger cannot count would fail the asks of everybody. */
const MAX_WANTED = Number.MAX_SAFE_INTEGER;

/** Whether something may be spent now, and if not, what is known about it. */
export type BudgetVerdict =
  | 'held'
  /** The ledger may have more. */
  | 'ask'
  /** Not even if everything that is under way came to nothing: the ledger has said so. */
  | 'used-up';

/**
 * What one gateway holds of one budget in one month. Everything is counted as the budget weighs it. What a request may come to is reserved
 * before its work, and settled by what it came to. Knows no time and no ledger.
 */
export class BudgetAccount {
  /** Of the latest exchange; undefined: nothing was told yet. */
  private told: { readonly rest: number } | undefined;
  private granted = 0;
  private spent = 0;
  private reserved = 0;
  private overdraft = 0;
  /** Of those that wait since the latest ask: the largest, and all together. */
  private needed = 0;
  private wanted = 0;
  private sequence = 0;
  private hasNews = false;
  private readonly demand = new DemandMeter();

  constructor(
    /** As the directory has it. Another object means that its weights may have changed. */
    public budget: BudgetEntry,
    readonly month: number,
    /** Never used twice. */
    readonly holder: string,
    /** Monotonic ms, of the latest request. */
    public usedAtMs: number,
  ) {}

  /** What can be reserved without asking. */
  get room(): number {
    return this.granted - this.spent - this.reserved;
  }

  /** Nothing is held, nothing is under way, and the ledger knows what was spent. */
  get isOver(): boolean {
    return this.reserved === 0 && !this.hasNews && this.granted <= this.spent;
  }

  /** Whether an ask now would tell anything, or want anything. */
  get hasToAsk(): boolean {
    return this.hasNews || this.needed > 0 || this.granted > this.spent;
  }

  judge(amount: number): BudgetVerdict {
    if (this.room >= amount) return 'held';
    if (this.told === undefined) return 'ask';
    return Math.max(0, this.told.rest) + this.room + this.reserved >= amount ? 'ask' : 'used-up';
  }

  /** What was judged `held`. */
  reserve(amount: number): void {
    assert(amount <= this.room, 'what is reserved is held');
    this.reserved += amount;
  }

  /** Of something that was reserved, what it came to. More than was reserved is owed. */
  settle(amount: number, spent: number): void {
    this.reserved -= amount;
    this.spend(spent);
  }

  /** What was used already, whether it was held or not. */
  spend(amount: number): void {
    if (amount === 0) return;
    this.spent += amount;
    this.hasNews = true;
    this.demand.add(amount);
  }

  /** Somebody waits for so much: the next ask tells. */
  need(amount: number): void {
    this.needed = Math.max(this.needed, amount);
    this.wanted += amount;
  }

  /** Somebody was refused: the next ask finds out about a raise, and wants nothing for it, so that those who fit have what is left. */
  refuse(): void {
    this.hasNews = true;
  }

  tick(elapsedSeconds: number): void {
    this.demand.tick(elapsedSeconds);
  }

  /**
   * What to ask now. What is given back by it is not held any more from here on, whatever becomes of the ask.
   * @param holding `at-hand`: what is spent in a while; `everything`: nothing is given back, as nobody may be there to give any more; `nothing`:
   *   but what is under way
   */
  ask(holding: 'at-hand' | 'everything' | 'nothing'): BudgetAsk {
    const { budget, month, holder, spent, reserved } = this;
    const want = reserved + (holding === 'nothing' ? 0 : Math.min(MAX_WANTED, Math.ceil(this.target + this.wanted)));
    const room = Math.max(0, this.room);
    const keep = reserved + (holding === 'everything' ? room : Math.min(room, want - reserved));
    this.granted = spent + keep;
    const need = holding === 'nothing' || this.needed === 0 ? 0 : reserved + this.needed;
    this.needed = this.wanted = 0;
    this.hasNews = false;
    return { budgetId: budget.id, month, holder, sequence: ++this.sequence, spent, keep, want, need };
  }

  hear({ granted, rest, overdraft }: Pick<BudgetGrant, 'granted' | 'rest' | 'overdraft'>): void {
    this.granted = granted;
    this.overdraft = overdraft;
    this.told = { rest };
  }

  /** The ledger has not answered. It may have heard all the same. */
  miss(): void {
    this.hasNews = true;
  }

  /** The ledger does not answer, and what is held is not enough: a bounded part of what was left then, once. @returns false: there is none */
  overdraw(): boolean {
    if (this.overdraft === 0) return false;
    this.granted += this.overdraft;
    this.overdraft = 0;
    return true;
  }

  /** Beside what is under way and what is waited for. */
  private get target(): number {
    const { readUnit, writeUnit } = this.budget.weights;
    return Math.max(MIN_HELD_UNITS * Math.max(readUnit, writeUnit), this.demand.perSecond * HOLD_SECONDS);
  }
}
