import { DrainingError } from './errors.js';

/**
 * Whether the session takes no more work, for all who wait while it still does. Ten thousand may wait at once, which an AbortSignal
 * is not made for: it looks through all its listeners for each new one.
 */
export class Drain {
  private begun = false;
  private readonly waiting = new Set<() => void>();

  begin(): void {
    this.begun = true;
    for (const giveUp of this.waiting) giveUp();
  }

  /** @throws DrainingError */
  throwIfBegun(): void {
    if (this.begun) throw new DrainingError();
  }

  /** Settles as `promise` does, unless the drain begins first: then rejects with DrainingError. The promise itself goes on. */
  unlessBegun<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.waiting.delete(giveUp);
        reject(new DrainingError());
      };
      promise.then(
        (value) => {
          this.waiting.delete(giveUp);
          resolve(value);
        },
        (error: unknown) => {
          this.waiting.delete(giveUp);
          reject(error as Error);
        },
      );
      if (this.begun) giveUp();
      else this.waiting.add(giveUp);
    });
  }
}
