import { assert, systemClock, systemRandom, type Clock, type Random } from '@leasehold/foundation';

import { FaultBudget } from './fault-budget.js';
import { hashName } from './name-hash.js';
import { decodeRecord, encodePrefix, NAME_BYTES_LIMIT, recordBytes } from './record.js';
import { CacheDirectoryError, openNameless, prepareDirectory, type SlabFile } from './slab-file.js';
import { SlabRing } from './slab-ring.js';
import { SlotTable, type Location, type NameHash } from './slot-table.js';
import { WriteQueue, type QueuedValue } from './write-queue.js';

export interface DiskCacheSettings {
  /** Made if it is not there. Several processes may share one; each then takes the whole capacity. */
  readonly directory: string;
  /** On disk, {@link MIN_CAPACITY_BYTES} to {@link MAX_CAPACITY_BYTES}. Memory is about half a percent of it, and the queue. */
  readonly capacityBytes: number;
  /** Values on their way to the disk, in memory. Further ones are dropped. */
  readonly queueBytes?: number;
  /** A disk that takes longer for one record is slower than the bucket. */
  readonly readTimeoutMs?: number;
}

export interface DiskCacheComponents {
  readonly clock: Clock;
  readonly random: Random;
  /** Called once, when the disk has failed too often and the cache has given it up. */
  readonly onOff: (cause: unknown) => void;
  readonly openFile: (directory: string, random: Random) => Promise<SlabFile>;
  readonly hashName: (name: string) => NameHash;
}

export const MIN_CAPACITY_BYTES = 32 * 1024 * 1024;
/** Offsets inside a slab have 32 bits. */
export const MAX_CAPACITY_BYTES = 64 * 1024 ** 3;
/** Larger ones are not kept: half of the smallest slab. */
export const VALUE_BYTES_LIMIT = 1024 * 1024;

/** A sixteenth of what is kept goes at once when room is needed. */
const SLABS = 16;
/** Blocks of 16 KiB compress to 4 to 12 KiB: so the table of names is at most half full of most data. */
const BYTES_PER_SLOT = 4 * 1024;
const QUEUE_BYTES = 16 * 1024 * 1024;
const READ_TIMEOUT_MS = 250;
/** One write to the disk. */
const BATCH_BYTES = 1024 * 1024;
/** Two buffers each; the operating system takes 1,024 at once. */
const BATCH_VALUES = 256;
/** The threads of the process that read files are four, and others need them too: behind so many, the bucket is faster. */
const READS_LIMIT = 64;
/** Faults after which a disk is given up. */
const FAULTS_LIMIT = 16;
/** What is asked for while it is in the oldest quarter of the ring is written once more, in front. */
const OLD_FRACTION = 1 / 4;
/** After the timeout, so that an answer which came while the event loop stood still is not taken for a late one. */
const TURN_MS = 1;
/** How long a disk that hangs may hold up the end of the process. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Counters since the start. */
export interface DiskCacheStats {
  readonly state: 'on' | 'off' | 'closed';
  readonly hits: number;
  readonly misses: number;
  /** Found, and not what was written. */
  readonly damaged: number;
  /** Reads and writes that the disk refused or took too long for. */
  readonly failed: number;
  /** Puts that found no room in the queue, or were too large. */
  readonly dropped: number;
  readonly writtenBytes: number;
  readonly evictedSlabs: number;
}

/**
 * Blocks and file tails from the bucket, kept on local disk (the shape of the engine's `SecondaryCache`). Bounded,
 * checksummed, disposable: a `get` gives exactly the bytes of a `put` under that name, or undefined, and never throws; a
 * `put` returns at once and may come to nothing. It starts empty. Names stand for bytes that never change: of two different
 * puts under one name either may be found.
 *
 * A ring of {@link SLABS} files, written in batches from front to back and then again: no file is ever made or deleted
 * while it runs, the disk sees large sequential writes, and making room means forgetting one file. What is asked for while it
 * is about to be overwritten is written again in front (FIFO with a second chance). Names stand in a table of fixed size in
 * memory; the record on disk repeats name and checksum, so that a damaged or confused record is a miss.
 *
 * A disk that keeps failing is given up, with one event; from then on every get is a miss.
 */
export class DiskCache {
  private state: DiskCacheStats['state'] = 'on';
  private slots: SlotTable;
  private readonly ring: SlabRing;
  private readonly queue: WriteQueue;
  private readonly faults = new FaultBudget(FAULTS_LIMIT);
  private readonly readTimeoutMs: number;
  private pumping = false;
  private pump: Promise<void> = Promise.resolve();
  private ending: Promise<void> | undefined;
  private reads = 0;
  private readonly counts = { hits: 0, misses: 0, damaged: 0, failed: 0, dropped: 0, writtenBytes: 0 };

  private constructor(
    private readonly files: readonly SlabFile[],
    settings: DiskCacheSettings,
    private readonly components: DiskCacheComponents,
  ) {
    this.slots = new SlotTable(settings.capacityBytes / BYTES_PER_SLOT);
    this.ring = new SlabRing(files, Math.floor(settings.capacityBytes / SLABS));
    this.queue = new WriteQueue(settings.queueBytes ?? QUEUE_BYTES);
    this.readTimeoutMs = settings.readTimeoutMs ?? READ_TIMEOUT_MS;
  }

  /** @throws CacheDirectoryError (invalid) when files cannot be made there */
  static async open(settings: DiskCacheSettings, components: Partial<DiskCacheComponents> = {}): Promise<DiskCache> {
    const { capacityBytes } = settings;
    assert(
      capacityBytes >= MIN_CAPACITY_BYTES && capacityBytes <= MAX_CAPACITY_BYTES,
      'cache capacity is out of range',
    );
    const all = { ...DEFAULT_COMPONENTS, ...components };
    const files: SlabFile[] = [];
    try {
      await prepareDirectory(settings.directory);
      while (files.length < SLABS) files.push(await all.openFile(settings.directory, all.random));
    } catch (error) {
      await Promise.all(files.map((file) => file.close().catch(() => undefined)));
      throw new CacheDirectoryError(error);
    }
    return new DiskCache(files, settings, all);
  }

  /** Exactly the bytes given to `put` under this name, or undefined. Not to be changed. Never throws. */
  async get(name: string): Promise<Uint8Array | undefined> {
    const value = this.state === 'on' ? (this.queue.get(name) ?? (await this.find(name))) : undefined;
    this.counts[value === undefined ? 'misses' : 'hits']++;
    return value;
  }

  /** Keeps the bytes if there is room and time; returns at once; the caller does not change them afterwards. Never throws. */
  put(name: string, bytes: Uint8Array): void {
    if (this.state !== 'on') return;
    if (bytes.byteLength > VALUE_BYTES_LIMIT || Buffer.byteLength(name) > NAME_BYTES_LIMIT) this.counts.dropped++;
    else if (this.queue.get(name) === undefined && this.locate(name) === undefined) this.enqueue(name, bytes);
  }

  stats(): DiskCacheStats {
    return { ...this.counts, state: this.state, evictedSlabs: this.ring.evictedSlabs };
  }

  /** Gives the space back. What waits to be written is dropped. Idempotent. Never throws. */
  close(): Promise<void> {
    return this.end('closed');
  }

  private locate(name: string): Location | undefined {
    return this.slots.get(this.components.hashName(name), this.ring.oldestSequence);
  }

  private enqueue(name: string, bytes: Uint8Array): void {
    if (!this.queue.offer(name, bytes)) {
      this.counts.dropped++;
      return;
    }
    if (this.pumping) return;
    this.pumping = true;
    this.pump = this.writeQueued();
  }

  private async find(name: string): Promise<Uint8Array | undefined> {
    const location = this.locate(name);
    if (location === undefined || this.reads >= READS_LIMIT) return undefined;
    const record = await this.read(location);
    // Overwritten while it was being read: the most usual kind of "damage", and none.
    if (record === undefined || this.state !== 'on' || location.sequence < this.ring.oldestSequence) return undefined;
    const value = decodeRecord(record, location.sequence, name);
    if (value === 'foreign') return undefined;
    if (value === 'damaged') {
      this.counts.damaged++;
      this.slots.delete(this.components.hashName(name));
      this.noteFault(new Error('a record of the cache is damaged'));
      return undefined;
    }
    this.faults.success();
    if (this.ring.isOld(location, OLD_FRACTION)) this.keepAgain(name, value);
    return value;
  }

  /**
   * Undefined when the disk would not say, or not in time. Slow is not broken, so lateness is no fault: a read that hangs goes on
   * counting among those under way, and when they are many every get is a miss at once.
   */
  private async read(location: Location): Promise<Buffer | undefined> {
    // Of its own: a pool's neighbour would live as long as the value, and the other way round.
    const buffer = Buffer.allocUnsafeSlow(location.sizeBytes);
    this.reads++;
    const reading = this.ring
      .fileOf(location)
      .read(buffer, 0, buffer.byteLength, location.offset)
      .then(
        ({ bytesRead }) => buffer.subarray(0, bytesRead),
        (error: unknown) => {
          if (this.state === 'on') this.noteFailure(error);
          return undefined;
        },
      )
      .finally(() => this.reads--);
    return this.inTime(reading);
  }

  private inTime(reading: Promise<Buffer | undefined>): Promise<Buffer | undefined> {
    const { clock } = this.components;
    return new Promise((resolve) => {
      let timer = clock.schedule(this.readTimeoutMs, () => {
        timer = clock.schedule(TURN_MS, () => {
          this.counts.failed++;
          resolve(undefined);
        });
      });
      void reading.then((record) => {
        timer.cancel();
        resolve(record);
      });
    });
  }

  private keepAgain(name: string, value: Uint8Array): void {
    // New values go first: they cost a request to the bucket.
    if (!this.queue.isHalfFull && this.queue.get(name) === undefined) this.enqueue(name, value);
  }

  private async writeQueued(): Promise<void> {
    // Not in the turn of whoever puts; and what is put in the same turn goes in one write.
    await this.components.clock.sleep(0);
    while (this.state === 'on') {
      const batch = this.queue.nextBatch(BATCH_VALUES, BATCH_BYTES);
      if (batch.length === 0) break;
      for (const write of this.place(batch)) await this.write(write);
    }
    this.pumping = false;
  }

  /** Cuts a batch where a slab is full. Space is taken only when a write is asked for: what it overwrites is lost from then on. */
  private *place(batch: readonly QueuedValue[]): Generator<SlabWrite> {
    let write: SlabWrite | undefined;
    for (const { name, value } of batch) {
      const sizeBytes = recordBytes(name, value);
      if (write !== undefined && !this.ring.fits(sizeBytes)) {
        yield write;
        write = undefined;
      }
      const location = this.ring.reserve(sizeBytes);
      write ??= { at: location, buffers: [], placed: [] };
      write.buffers.push(encodePrefix(location.sequence, name, value), value);
      write.placed.push({ hash: this.components.hashName(name), location });
    }
    if (write !== undefined) yield write;
  }

  private async write({ at, buffers, placed }: SlabWrite): Promise<void> {
    try {
      const { bytesWritten } = await this.ring.fileOf(at).writev(buffers, at.offset);
      const expected = placed.reduce((sum, { location }) => sum + location.sizeBytes, 0);
      if (bytesWritten !== expected) throw new Error(`the disk took ${bytesWritten} of ${expected} bytes`);
      for (const { hash, location } of placed) this.slots.set(hash, location);
      this.counts.writtenBytes += bytesWritten;
      this.faults.success();
    } catch (error) {
      if (this.state === 'on') this.noteFailure(error);
    }
  }

  private noteFailure(error: unknown): void {
    this.counts.failed++;
    this.noteFault(error);
  }

  private noteFault(error: unknown): void {
    if (!this.faults.fault()) return;
    void this.end('off');
    this.components.onOff(error);
  }

  private end(state: 'off' | 'closed'): Promise<void> {
    this.state = state;
    this.ending ??= this.letGo();
    return this.ending;
  }

  private async letGo(): Promise<void> {
    this.queue.clear();
    this.slots = new SlotTable(0);
    const { clock } = this.components;
    const stop = new AbortController();
    const closed = this.pump.then(() => Promise.all(this.files.map((file) => file.close().catch(() => undefined))));
    await Promise.race([closed, clock.sleep(CLOSE_TIMEOUT_MS, stop.signal).catch(() => undefined)]);
    stop.abort();
  }
}

/** Records that go to the disk as one, side by side in one slab. */
interface SlabWrite {
  readonly at: Location;
  readonly buffers: Uint8Array[];
  readonly placed: { readonly hash: NameHash; readonly location: Location }[];
}

const DEFAULT_COMPONENTS: DiskCacheComponents = {
  clock: systemClock,
  random: systemRandom,
  onOff: () => undefined,
  openFile: openNameless,
  hashName,
};
