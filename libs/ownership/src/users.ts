/** Counts operations in progress and tells when the last one has left. */
export class Users {
  private count = 0;
  private waiting: (() => void)[] | undefined;

  async during<T>(operation: () => Promise<T>): Promise<T> {
    this.enter();
    try {
      return await operation();
    } finally {
      this.leave();
    }
  }

  /** Begins an operation that ends with {@link leave}. */
  enter(): void {
    this.count += 1;
  }

  leave(): void {
    this.count -= 1;
    if (this.count === 0) this.wake();
  }

  get present(): number {
    return this.count;
  }

  gone(): Promise<void> {
    if (this.count === 0) return Promise.resolve();
    return new Promise((resolve) => (this.waiting ??= []).push(resolve));
  }

  private wake(): void {
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    for (const resume of waiting) resume();
  }
}
