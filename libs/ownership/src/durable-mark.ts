import { assert } from '@leasehold/foundation';

/**
 * How far the accepted commits of one database are durable. Commits become durable in order (L2), so one number and
 * the promises of those still on their way say all.
 */
export class DurableMark {
  private readonly pending = new Map<number, Promise<void>>();

  /** @param sequence what the head already contains. */
  constructor(private sequence: number) {}

  /** `durable` must settle in the order of sequences, as the commit log promises. */
  track(sequence: number, durable: Promise<void>): void {
    const settled = durable.then(() => {
      this.sequence = Math.max(this.sequence, sequence);
      this.pending.delete(sequence);
    });
    // A rejection means that the session is over; it reaches those who wait, and must not be unhandled without them.
    settled.catch(() => undefined);
    this.pending.set(sequence, settled);
  }

  isDurable(sequence: number): boolean {
    return sequence <= this.sequence;
  }

  /** Resolves when the commit is durable; rejects as its append did (outcome unknown). */
  async until(sequence: number): Promise<void> {
    if (this.isDurable(sequence)) return;
    const pending = this.pending.get(sequence);
    assert(pending !== undefined, 'only accepted commits are waited for');
    await pending;
  }
}
