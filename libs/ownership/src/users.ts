/** Counts operations in progress and tells when the last one has left. */
export class Users {
  private count = 0;
  private waiting: (() => void)[] = [];

  async during<T>(operation: () => Promise<T>): Promise<T> {
    this.count += 1;
    try {
      return await operation();
    } finally {
      this.count -= 1;
      if (this.count === 0) {
        for (const resume of this.waiting.splice(0)) resume();
      }
    }
  }

  get present(): number {
    return this.count;
  }

  gone(): Promise<void> {
    return this.count === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }
}
