import { assert } from '@leasehold/foundation';

import { WINDOW_SEGMENTS } from './log-inventory.js';

/** Which of the own segments are issued and which confirmed; the window of S4. */
export class Confirmations {
  private readonly ahead = new Set<number>();
  private through = 0;
  private last = 0;

  /** All segments up to this number are confirmed. */
  get confirmedThrough(): number {
    return this.through;
  }

  get nextNumber(): number {
    return this.last + 1;
  }

  get inFlight(): number {
    return this.last - this.through - this.ahead.size;
  }

  /** S4: number n is issued only when all ≤ n − 64 are confirmed; a sealer need not look further ahead. */
  mayIssue(): boolean {
    return this.nextNumber - WINDOW_SEGMENTS <= this.through;
  }

  issue(): number {
    assert(this.mayIssue(), 'a segment is issued only within the window');
    return ++this.last;
  }

  confirm(number: number): void {
    assert(number <= this.last && !this.has(number), 'a segment is confirmed once, after it was issued');
    this.ahead.add(number);
    while (this.ahead.delete(this.through + 1)) this.through++;
  }

  has(number: number): boolean {
    return number <= this.through || this.ahead.has(number);
  }
}
