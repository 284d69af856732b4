import { ProblemError } from '@leasehold/protocol';

const RETRY_AFTER_MS = 1_000;

/**
 * A bounded number of places, or of bytes where each is one. Who comes when they are taken is refused at once: a queue
 * would only move the wait.
 */
export class Admission {
  private taken = 0;

  constructor(
    private readonly places: number,
    private readonly onChange: (taken: number) => void = () => undefined,
  ) {}

  /** Takes a place, to be given back by {@link giveBack}, once. @returns false when there is none, and none was taken */
  take(): boolean {
    if (this.taken >= this.places) return false;
    this.onChange(++this.taken);
    return true;
  }

  giveBack(): void {
    this.onChange(--this.taken);
  }

  /** Takes places and gives back how to leave them; leaving twice is leaving once. @throws ProblemError overloaded */
  enter(places = 1): () => void {
    if (this.taken + places > this.places) {
      throw new ProblemError('overloaded', 'too many requests are waiting already', { retryAfterMs: RETRY_AFTER_MS });
    }
    this.onChange((this.taken += places));
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.onChange((this.taken -= places));
    };
  }
}
