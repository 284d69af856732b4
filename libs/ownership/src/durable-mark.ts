import type { AppendListener } from '@leasehold/commit-log';
import { assert } from '@leasehold/foundation';

import type { WriteTally } from './write-tally.js';

/** Waits for a commit to be durable. Exactly one of the two is told, once; neither may throw. */
export interface DurabilityListener {
  durable(): void;
  /** @param error as the append's: the outcome is unknown */
  lost(error: Error): void;
}

interface Waiting {
  readonly sequence: number;
  readonly listener: DurabilityListener;
}

/**
 * How far the accepted commits of one database are durable. Commits become durable in order (L2), so one number and those who wait say all.
 * A commit that nobody waits for costs nothing here, and most have one who does: no promise for each.
 */
export class DurableMark implements AppendListener {
  /** Of the last commit that the log has taken. */
  private accepted: number;
  /** By sequence; none while nobody waits: an idle database holds nothing. */
  private waiting: Waiting[] | undefined;
  private failure: Error | undefined;

  /**
   * @param sequence what the head already contains
   * @param tally told of what becomes durable
   */
  constructor(
    private sequence: number,
    private readonly tally?: WriteTally,
  ) {
    this.accepted = sequence;
  }

  /** The log has taken the commit, and tells of it here. */
  accept(sequence: number): void {
    this.accepted = sequence;
  }

  /** Of the last commit that is known to be durable. */
  get durableSequence(): number {
    return this.sequence;
  }

  isDurable(sequence: number): boolean {
    return sequence <= this.sequence;
  }

  /** Resolves when the commit is durable; rejects as its append did (outcome unknown). */
  until(sequence: number): Promise<void> {
    if (this.isDurable(sequence)) return Promise.resolve();
    return new Promise((durable, lost) => this.tell(sequence, { durable, lost }));
  }

  /** The same for a commit that is not durable yet, without a promise. The listener is told after this has returned. */
  tell(sequence: number, listener: DurabilityListener): void {
    assert(sequence <= this.accepted, 'only accepted commits are waited for');
    assert(!this.isDurable(sequence), 'what is durable is not waited for');
    const { failure } = this;
    if (failure !== undefined) {
      // Later: who asks may have more to do before it can be told.
      void Promise.resolve().then(() => listener.lost(failure));
      return;
    }
    const waiting = (this.waiting ??= []);
    // Almost always the last.
    let at = waiting.length;
    while (at > 0 && (waiting[at - 1] as Waiting).sequence > sequence) at--;
    if (at === waiting.length) waiting.push({ sequence, listener });
    else waiting.splice(at, 0, { sequence, listener });
  }

  /** By the log: what waits for it finds the mark where it belongs. */
  durable(sequence: number): void {
    if (sequence > this.sequence) this.sequence = sequence;
    this.tally?.durable(this.sequence);
    const { waiting } = this;
    if (waiting === undefined) return;
    let told = 0;
    while (told < waiting.length && (waiting[told] as Waiting).sequence <= this.sequence) told++;
    if (told === waiting.length) this.waiting = undefined;
    const over = told === waiting.length ? waiting : waiting.splice(0, told);
    for (const { listener } of over) listener.durable();
  }

  /** By the log: the session is over, and with it all that is on its way. */
  lost(error: Error): void {
    this.failure ??= error;
    const over = this.waiting ?? [];
    this.waiting = undefined;
    for (const { listener } of over) listener.lost(this.failure);
  }
}
