import { assert } from '@leasehold/foundation';

/**
 * How far the accepted commits of one database are durable. Commits become durable in order (L2), so one number and
 * the promises of those still on their way say all.
 */
export class DurableMark {
  /** None while everything is durable: an idle database holds nothing. */
  private pending: Map<number, Promise<void>> | undefined;

  /** @param sequence what the head already contains. */
  constructor(private sequence: number) {}

  /** `durable` must settle in the order of sequences, as the commit log promises. */
  track(sequence: number, durable: Promise<void>): void {
    this.pending ??= new Map();
    this.pending.set(sequence, durable);
    // The first to hear of it, so that whoever waits finds the mark where it belongs. A rejection means that the session is over; it reaches
    // those who wait, and must not be unhandled without them.
    durable.then(
      () => this.advance(sequence),
      () => undefined,
    );
  }

  isDurable(sequence: number): boolean {
    return sequence <= this.sequence;
  }

  /** Resolves when the commit is durable; rejects as its append did (outcome unknown). */
  until(sequence: number): Promise<void> {
    if (this.isDurable(sequence)) return Promise.resolve();
    const pending = this.pending?.get(sequence);
    assert(pending !== undefined, 'only accepted commits are waited for');
    return pending;
  }

  private advance(sequence: number): void {
    this.sequence = Math.max(this.sequence, sequence);
    this.pending?.delete(sequence);
    if (this.pending?.size === 0) this.pending = undefined;
  }
}
