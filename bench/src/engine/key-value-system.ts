/** What is measured of a storage engine in its process; Leasehold and the peer each are one. */
export interface KeyValueSystem {
  /** Undefined where it is not there. */
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** Resolves when it is durable. */
  put(key: Uint8Array, value: Uint8Array): Promise<unknown>;
  /** As one call where there is one; resolves when all are durable. */
  putAll(entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]): Promise<unknown>;
  /** Reads up to so many entries from `start` on; how many there were. */
  scan(start: Uint8Array, entries: number): Promise<number>;
  /** Writes as fast as it can, durable only after {@link settle}. */
  load(count: number, record: (number: number) => readonly [key: Uint8Array, value: Uint8Array]): Promise<void>;
  /** Everything is in files, and these are as compact as the system makes them by itself. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export type SystemName = 'leasehold' | 'slatedb';

export interface SystemSettings {
  readonly url: string;
  /** Of the database in the bucket; each has its own. */
  readonly number: number;
  /** For blocks in memory; where it can be chosen. */
  readonly blockCacheBytes: number;
}
