import type { Version } from './options.js';

/** Bounds of the values that a client keeps, to ask only whether they are still the newest. */
export interface CacheSettings {
  /** Of keys and values together; the least recently read ones go first. */
  readonly maxBytes: number;
  /** 10,000 by default. */
  readonly maxEntries?: number | undefined;
}

interface Cached {
  readonly value: Uint8Array;
  readonly version: Version;
  readonly sizeBytes: number;
}

const DEFAULT_MAX_ENTRIES = 10_000;

/**
 * Values by key, least recently used first. What is in here is never shown without asking: the service says whether the version is still the present one, and then only the
 * bytes are spared, not the trip.
 */
export class ValueCache {
  private readonly cached = new Map<string, Cached>();
  private sizeBytes = 0;

  constructor(private readonly settings: CacheSettings) {}

  get(key: string): Cached | undefined {
    const found = this.cached.get(key);
    if (found !== undefined) {
      this.cached.delete(key);
      this.cached.set(key, found);
    }
    return found;
  }

  set(key: string, value: Uint8Array, version: Version): void {
    this.delete(key);
    const sizeBytes = key.length + value.length;
    const { maxBytes, maxEntries = DEFAULT_MAX_ENTRIES } = this.settings;
    if (sizeBytes > maxBytes) return;
    // The caller may change what it was given.
    this.cached.set(key, { value: value.slice(), version, sizeBytes });
    this.sizeBytes += sizeBytes;
    for (const oldest of this.cached.keys()) {
      if (this.sizeBytes <= maxBytes && this.cached.size <= maxEntries) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const found = this.cached.get(key);
    if (found === undefined) return;
    this.cached.delete(key);
    this.sizeBytes -= found.sizeBytes;
  }
}
