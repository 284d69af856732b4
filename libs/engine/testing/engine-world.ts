import type { DatabaseId, SessionId, TenantId } from '@leasehold/foundation';
import { seededRandom, utf8 } from '@leasehold/foundation';
import type { ObjectStore, SettleContext, StoreCall } from '@leasehold/object-store';
import { MemoryStore, MeteredStore } from '@leasehold/object-store';
import { FaultyStore, VirtualClock } from '@leasehold/object-store-testing';

import type { Commit, Entry } from '../src/entry.js';
import { commitOf, deleteEntry, putEntry } from '../src/entry.js';
import type { Head } from '../src/format/head.js';
import { sstWriterOfFlush } from '../src/head/flush-files.js';
import type { FlushSettings } from '../src/head/flush.js';
import { FLUSH_SETTINGS, flushInto } from '../src/head/flush.js';
import type { StoredHead } from '../src/head/head-store.js';
import { HeadStore } from '../src/head/head-store.js';
import { emptyHead } from '../src/head/new-head.js';
import { Memtable } from '../src/memtable/memtable.js';
import { View } from '../src/read/view.js';
import { BlockCache } from '../src/sst/block-cache.js';

export const DATABASE = '0b8f2a5e-1d3c-4e6f-8a9b-7c5d3e1f0a2b' as DatabaseId;
export const TENANT = 'org_7Qm2' as TenantId;
export const SESSION = '01jd0000000000000000000001' as SessionId;
export const OTHER_SESSION = '01jd0000000000000000000002' as SessionId;

/** One database in a bucket in memory, its requests counted, its faults at the test's command, and an owner who commits and flushes. */
export class EngineWorld {
  readonly clock = new VirtualClock();
  readonly memory = new MemoryStore(this.clock);
  readonly faulty: FaultyStore;
  readonly calls: StoreCall[] = [];
  readonly store: ObjectStore;
  readonly ctx: SettleContext;
  readonly heads: HeadStore;
  readonly cache = new BlockCache(64 * 1024 * 1024);
  sequence = 0;

  constructor(seed = 1) {
    const random = seededRandom(seed);
    this.faulty = new FaultyStore(this.memory, this.clock, random);
    this.store = new MeteredStore(this.faulty, this.clock, (call) => this.calls.push(call));
    this.ctx = { store: this.store, clock: this.clock, random };
    this.heads = new HeadStore(this.ctx);
  }

  /** A database owned by {@link SESSION} at epoch 1, without retention unless a window is given. */
  async claim(retentionMs = 0): Promise<StoredHead> {
    const swap = await this.heads.create(claimedHead(retentionMs));
    if (swap.outcome !== 'done') throw new Error('database exists');
    return swap.stored;
  }

  async load(): Promise<StoredHead> {
    const stored = await this.heads.load(DATABASE);
    if (stored === undefined) throw new Error('database does not exist');
    return stored;
  }

  /** The next commit of the owner: undefined deletes. */
  commit(effects: Readonly<Record<string, string | Uint8Array | undefined>>, epoch = 1): Commit {
    const version = { epoch, sequence: ++this.sequence };
    const entries = Object.entries(effects).map(([key, value]): Entry => {
      if (value === undefined) return deleteEntry(utf8(key), version);
      return putEntry(utf8(key), version, typeof value === 'string' ? utf8(value) : value);
    });
    return commitOf(version, entries, { committedAt: this.clock.now() });
  }

  /** Flushes commits as the owner does: edits until applied. */
  async flush(commits: readonly Commit[], settings: Partial<FlushSettings> = {}): Promise<StoredHead> {
    return this.flushFrom(await this.load(), commits, settings);
  }

  async flushFrom(
    base: StoredHead,
    commits: readonly Commit[],
    settings: Partial<FlushSettings> = {},
  ): Promise<StoredHead> {
    const write = sstWriterOfFlush(this.ctx);
    const memtable = memtableOf(commits);
    const edit = await this.heads.edit(base, (head) =>
      flushInto(head, memtable, { ...FLUSH_SETTINGS, ...settings }, write, this.clock.now()),
    );
    if (edit.outcome !== 'done') throw new Error(`flush was ${edit.outcome}`);
    return edit.stored;
  }

  view(head: Head | undefined, ...memtables: readonly Memtable[]): View {
    return new View({ head, memtables, files: { store: this.store, cache: this.cache }, now: this.clock.now() });
  }

  /** Requests since the last call, by verb. */
  takeCalls(): Partial<Record<StoreCall['verb'], number>> {
    const counts: Partial<Record<StoreCall['verb'], number>> = {};
    for (const { verb } of this.calls.splice(0)) counts[verb] = (counts[verb] ?? 0) + 1;
    return counts;
  }
}

export function claimedHead(retentionMs = 0): Head {
  const head = emptyHead({ databaseId: DATABASE, tenantId: TENANT, name: 'todos' });
  return { ...head, epoch: 1, owner: SESSION, options: { ...head.options, retentionMs } };
}

export function memtableOf(commits: readonly Commit[]): Memtable {
  const memtable = new Memtable();
  for (const commit of commits) memtable.put(commit);
  return memtable;
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

/** `key=value`, in order. */
export function texts(entries: readonly Entry[]): string[] {
  return entries.map((entry) => `${text(entry.key)}=${entry.kind === 'delete' ? '(deleted)' : text(entry.value)}`);
}
