/**
 * Blocks and file tails in memory, least recently used first out, bounded in bytes. One per process: all its databases
 * share the bound. Files never change and ids are never reused, so nothing in here can be stale.
 */
export class BlockCache {
  /** In order of use: a Map iterates in order of insertion, and a hit is inserted anew. */
  private readonly items = new Map<string, { readonly value: unknown; readonly sizeBytes: number }>();
  private readonly loading = new Map<string, Promise<unknown>>();
  private bytes = 0;

  constructor(private readonly limitBytes: number) {}

  get sizeBytes(): number {
    return this.bytes;
  }

  /** The caller knows the type by the name: names of tails and of blocks differ. */
  get<T>(name: string): T | undefined {
    const item = this.items.get(name);
    if (item === undefined) return undefined;
    this.items.delete(name);
    this.items.set(name, item);
    return item.value as T;
  }

  put(name: string, value: unknown, sizeBytes: number): void {
    const present = this.items.get(name);
    if (present !== undefined) {
      this.items.delete(name);
      this.bytes -= present.sizeBytes;
    }
    if (sizeBytes > this.limitBytes) return;
    this.items.set(name, { value, sizeBytes });
    this.bytes += sizeBytes;
    for (const [oldest, item] of this.items) {
      if (this.bytes <= this.limitBytes) return;
      this.items.delete(oldest);
      this.bytes -= item.sizeBytes;
    }
  }

  /** Loads once for all who ask meanwhile. A failure reaches all of them and is not remembered. */
  load<T>(name: string, load: () => Promise<{ readonly value: T; readonly sizeBytes: number }>): Promise<T> {
    const under = this.loading.get(name);
    if (under !== undefined) return under as Promise<T>;
    const loading = load()
      .then(({ value, sizeBytes }) => {
        this.put(name, value, sizeBytes);
        return value;
      })
      .finally(() => this.loading.delete(name));
    this.loading.set(name, loading);
    return loading;
  }
}
