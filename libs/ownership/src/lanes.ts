/** Leaves the task's lane to others while it waits for something that many wait for together, and takes a lane again. */
export type Aside = <T>(wait: () => Promise<T>) => Promise<T>;

/** Runs tasks in the order in which they came, at most `limit` at a time. A failed task frees its lane. */
export class Lanes {
  private busy = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly limit: number) {}

  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.enter();
    try {
      return await task();
    } finally {
      this.next();
    }
  }

  /** {@link Aside}, for a task that has a lane. */
  async aside<T>(wait: () => Promise<T>): Promise<T> {
    this.next();
    try {
      return await wait();
    } finally {
      await this.enter();
    }
  }

  private async enter(): Promise<void> {
    if (this.busy >= this.limit) await new Promise<void>((resolve) => this.waiting.add(resolve));
    else this.busy += 1;
  }

  /** The lane goes to the next who waits, or is free. */
  private next(): void {
    for (const enter of this.waiting) {
      this.waiting.delete(enter);
      return enter();
    }
    this.busy -= 1;
  }
}
