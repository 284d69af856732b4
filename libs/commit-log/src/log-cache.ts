import type { ObjectStore } from '@leasehold/object-store';

/** As much as a log is allowed to have unflushed (L4): one whole log is read once, whatever is asked of it. */
export const LOG_CACHE_BYTES = 256 * 1024 * 1024;

/** Whoever holds bytes on account of a cache. */
export interface CacheHolder {
  evict(source: number): void;
}

/** Bytes that are held. */
export interface CacheTicket {
  readonly holder: WeakRef<CacheHolder>;
  readonly source: number;
  readonly sizeBytes: number;
}

/**
 * A budget of memory that several closed logs share. They hold their bytes themselves, so that a log nobody uses any more is
 * collected with them; the cache only says who has to give up what when there is too much, the least recently used first.
 */
export class LogCache {
  private static readonly shared = new WeakMap<object, LogCache>();
  private readonly tickets = new Set<CacheTicket>();
  private usedBytes = 0;

  constructor(private readonly limitBytes: number = LOG_CACHE_BYTES) {}

  /** The one of a store: a process has one way to its bucket. */
  static of(store: Pick<ObjectStore, 'get'>): LogCache {
    const known = LogCache.shared.get(store);
    if (known) return known;
    const cache = new LogCache();
    LogCache.shared.set(store, cache);
    return cache;
  }

  /** @returns undefined when it would not fit even alone */
  admit(holder: CacheHolder, source: number, sizeBytes: number): CacheTicket | undefined {
    if (sizeBytes > this.limitBytes) return undefined;
    const ticket = { holder: new WeakRef(holder), source, sizeBytes };
    this.tickets.add(ticket);
    this.usedBytes += sizeBytes;
    for (const oldest of this.tickets) {
      if (this.usedBytes <= this.limitBytes) break;
      this.release(oldest);
      oldest.holder.deref()?.evict(oldest.source);
    }
    return ticket;
  }

  touch(ticket: CacheTicket): void {
    if (this.tickets.delete(ticket)) this.tickets.add(ticket);
  }

  release(ticket: CacheTicket): void {
    if (this.tickets.delete(ticket)) this.usedBytes -= ticket.sizeBytes;
  }
}
