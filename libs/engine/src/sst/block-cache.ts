import type { DatabaseId, Ulid } from '@leasehold/foundation';

import type { Block } from '../format/sst-block.js';
import { CacheAccount } from './cache-account.js';
import { CachedFile, CacheSlot } from './cache-slot.js';
import type { CacheTally } from './cache-tally.js';
import type { FileMap } from './file-map.js';
import { Permits } from './permits.js';
import type { SecondaryCache } from './secondary-cache.js';

export interface BlockCacheOptions {
  /** Asked before the store, and given what came from there; none by default. */
  readonly secondary?: SecondaryCache;
  /** However many databases are active, one below this keeps what it has; {@link MIN_SHARE_BYTES} by default. */
  readonly minShareBytes?: number;
}

/** A handful of blocks: what a database needs to answer its hottest keys from memory. */
export const MIN_SHARE_BYTES = 128 * 1024;

/** After loading this part of its bound the cache looks who was active meanwhile. */
const EPOCHS_PER_TURNOVER = 4;

/** A thousand databases may be compacted in one minute: reads that somebody waits for come first. */
const WARMING_GETS = 4;

/** Making room looks at so many databases at most before it takes the largest of them. */
const VICTIM_TRIES = 16;

type Account = CacheAccount<CacheSlot>;

/**
 * Blocks and file maps in memory, bounded in bytes: one for a worker, fair between its databases. Files never change and ids are
 * never reused, so nothing in here can be stale.
 *
 * Room is made in this order: databases that were not active lately; then those above their fair share (the bound divided by the active
 * ones), the one that is loading first. So a tenant that reads everything once pushes out its own blocks, not those of others. Within a
 * database: {@link CacheAccount}.
 */
export class BlockCache {
  readonly secondary: SecondaryCache | undefined;
  /** For GETs that nobody waits for. */
  readonly warmingPermits = new Permits(WARMING_GETS);
  private readonly minShareBytes: number;
  /** Those that hold something. */
  private readonly accounts = new Map<DatabaseId, Account>();
  /** Likewise. */
  private readonly files = new Map<string, CachedFile>();
  private readonly loading = new Map<string, Promise<unknown>>();
  private readonly counted: CacheTally = { hits: 0, misses: 0 };
  private bytes = 0;
  /** Not touched in the last epoch, and perhaps since. */
  private idle: Account[] = [];
  private activeInEpoch = 0;
  private activeBefore = 0;
  private loadedInEpoch = 0;
  private rotation: Iterator<Account> | undefined;

  constructor(
    readonly limitBytes: number,
    options: BlockCacheOptions = {},
  ) {
    this.secondary = options.secondary;
    this.minShareBytes = options.minShareBytes ?? MIN_SHARE_BYTES;
  }

  /** Estimated memory of what is cached, bookkeeping included. */
  get sizeBytes(): number {
    return this.bytes;
  }

  get tally(): Readonly<CacheTally> {
    return this.counted;
  }

  /** What is charged to one database. */
  bytesOf(databaseId: DatabaseId): number {
    return this.accounts.get(databaseId)?.bytes ?? 0;
  }

  /** What of a file is here. @param databaseId whom it is charged to, if it is not here yet. @param folder where the file lies */
  file(databaseId: DatabaseId, folder: DatabaseId, id: Ulid): CachedFile {
    const name = `${folder}/${id}`;
    // Remembered when it holds something: asking for files that are then not read must not fill the map.
    return (
      this.files.get(name) ??
      new CachedFile(name, this.accounts.get(databaseId) ?? new CacheAccount<CacheSlot>(databaseId), this.counted)
    );
  }

  /** @param block its number; undefined for the map */
  put(file: CachedFile, block: number | undefined, value: Block | FileMap): void {
    if (block !== undefined) this.counted.misses++;
    const slot = this.add(file, block, value);
    if (slot === undefined) return;
    const { account } = file;
    this.loadedInEpoch += slot.sizeBytes;
    if (this.loadedInEpoch * EPOCHS_PER_TURNOVER >= this.limitBytes) this.turnEpoch();
    while (this.bytes > this.limitBytes) this.evictFrom(this.victim(account));
  }

  /** A block that nobody has asked for: what goes out for it is of the same database. */
  putAhead(file: CachedFile, block: number, value: Block): void {
    const slot = this.add(file, block, value);
    if (slot === undefined) return;
    // It takes the place of what was used: the next newcomer must not push it out.
    slot.isUsed = true;
    while (this.bytes > this.limitBytes && file.account.bytes > 0) this.evictFrom(file.account);
  }

  /** Makes room of what nobody will ask for again. @param block its number; undefined for the map */
  forget(file: CachedFile, block: number | undefined): void {
    const slot = file.slot(block);
    if (slot === undefined) return;
    file.account.remove(slot);
    this.removed(file.account, slot);
  }

  /** Whether so much goes in without anything going out. */
  hasRoomFor(sizeBytes: number): boolean {
    return this.bytes + sizeBytes <= this.limitBytes;
  }

  /** Runs `load` once for all who ask meanwhile under this name. A failure reaches all of them and is not remembered. */
  once<T>(name: string, load: () => Promise<T>): Promise<T> {
    const under = this.loading.get(name);
    if (under !== undefined) return under as Promise<T>;
    const loading = load().finally(() => this.loading.delete(name));
    this.loading.set(name, loading);
    return loading;
  }

  private add(file: CachedFile, block: number | undefined, value: Block | FileMap): CacheSlot | undefined {
    const slot = new CacheSlot(value, file, block);
    if (slot.sizeBytes > this.limitBytes || file.holds(block)) return undefined;
    const account = this.register(file);
    file.add(slot);
    account.add(slot);
    this.bytes += slot.sizeBytes;
    return slot;
  }

  /** Brings a file and its account (back) into the maps. */
  private register(file: CachedFile): Account {
    if (file.isEmpty) {
      const { databaseId } = file.account;
      file.account = this.accounts.get(databaseId) ?? file.account;
      this.accounts.set(databaseId, file.account);
      this.files.set(file.name, file);
    }
    const { account } = file;
    if (!account.isTouched) {
      account.isTouched = true;
      this.activeInEpoch++;
    }
    return account;
  }

  private evictFrom(account: Account): void {
    const slot = account.evict();
    if (slot !== undefined) this.removed(account, slot);
  }

  private removed(account: Account, slot: CacheSlot): void {
    this.bytes -= slot.sizeBytes;
    slot.file.remove(slot);
    if (slot.file.isEmpty && this.files.get(slot.file.name) === slot.file) this.files.delete(slot.file.name);
    if (account.bytes === 0) this.accounts.delete(account.databaseId);
  }

  private victim(loading: Account): Account {
    for (let last = this.idle[this.idle.length - 1]; last !== undefined; last = this.idle[this.idle.length - 1]) {
      if (!last.isTouched && last.bytes > 0) return last;
      this.idle.pop();
    }
    const share = Math.max(this.minShareBytes, this.limitBytes / Math.max(1, this.activeInEpoch, this.activeBefore));
    if (loading.bytes > share) return loading;
    let largest = loading;
    for (let tries = 0; tries < VICTIM_TRIES; tries++) {
      const next = this.nextInRotation();
      if (next.bytes > share) return next;
      if (next.bytes > largest.bytes) largest = next;
    }
    return largest;
  }

  private nextInRotation(): Account {
    let step = this.rotation?.next();
    if (step === undefined || step.done === true) {
      this.rotation = this.accounts.values();
      step = this.rotation.next();
    }
    // Something is cached, or nobody would look for a victim.
    return step.value as Account;
  }

  private turnEpoch(): void {
    this.loadedInEpoch = 0;
    this.activeBefore = 0;
    this.activeInEpoch = 0;
    this.idle = [];
    for (const account of this.accounts.values()) {
      if (account.isTouched) this.activeBefore++;
      else this.idle.push(account);
      account.isTouched = false;
    }
  }
}
