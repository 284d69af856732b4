/** So many at a time; the others wait in turn. */
export class Permits {
  private readonly queue: (() => void)[] = [];

  constructor(private free: number) {}

  get waiting(): number {
    return this.queue.length;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.queue.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.queue.shift();
      if (next === undefined) this.free++;
      else next();
    }
  }
}
