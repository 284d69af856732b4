import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { forEachBounded } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';
import { READS_OF_DAMAGED } from '@leasehold/object-store';

import { damagedCommits } from './database-tail.js';
import type { PlacedFrame } from './durable-tail.js';
import { durableTail } from './durable-tail.js';
import type { Frame } from './frame.js';
import type { PlacedHeader } from './frame-codec.js';
import { readFrame } from './frame-codec.js';
import type { CacheTicket } from './log-cache.js';
import { LogCache } from './log-cache.js';
import type { RunFrame } from './log-directory.js';
import { framesOfRun, LogDirectory } from './log-directory.js';
import { MissingSegmentError } from './log-errors.js';
import type { IndexedFrame, LogDatabase } from './log-index.js';
import { LogIndex } from './log-index.js';
import { DIRECTORY_READ_BYTES, getObject, readLogObject, readObjectDirectory } from './log-object.js';
import type { LogSource } from './log-source.js';
import { forEachWithin } from './within-bytes.js';

export type { LogDatabase } from './log-index.js';

/** Objects read at the same time: all that a session may leave, 512 segments and 16 rollups (L5), in five waves. */
const CONCURRENT_READS = 128;
/** Bytes on their way at the same time. */
const READING_BYTES = 64 * 1024 * 1024;
/** Ranges of one database read at the same time. */
const CONCURRENT_RANGES = 64;
/** An object of this size is read whole at once: its header and the end of it are most of it, and two requests. */
const READ_WHOLE_BYTES = 2 * DIRECTORY_READ_BYTES;
/**
 * Databases that are looked up in the directories before the whole log is read. Each takes some ten requests, so that many have cost as much
 * as a part of the log that serves thousands.
 */
const EARLY_DATABASES = 8;
/** A database with more than this in the log does not come early: most of the log is read for it anyway. */
const EARLY_BYTES = 8 * 1024 * 1024;

type ReadContext = { readonly store: Pick<ObjectStore, 'get'> };

/** How a caller wants to wait while the log is read for all who ask. */
export type WaitAside = <T>(wait: () => Promise<T>) => Promise<T>;

interface Wanted {
  readonly databaseId: DatabaseId;
  readonly epoch: number;
  readonly afterSequence: number;
}

/** A frame with its payload, or where that is. */
type TailFrame = IndexedFrame | RunFrame;

/**
 * The log of an ended session: what belongs to it is settled for ever. After a crash thousands of databases are recovered
 * from it.
 *
 * The first who ask get theirs by the directories: small objects are read whole, of large ones header and directory, and then the
 * ranges with frames of the database. When more come, the rest is read as well, once for all, and each database is recovered
 * from memory, or, where the cache has no room for the whole log, from the ranges of bytes that are its own.
 *
 * The directories only ever make it faster. Whatever is not exactly as they say is decided by reading whole objects (L3).
 */
export class ClosedLog {
  private readonly bodies = new Map<number, { readonly body: Uint8Array; readonly ticket: CacheTicket }>();
  private readonly index: LogIndex;
  /** Sources that are in the index. */
  private readonly indexed = new Set<number>();
  private reading: Promise<void> | undefined;
  private surveying: Promise<LogDirectory> | undefined;
  /** Databases that came early so far, and what of it is under way. */
  private earlyDatabases = 0;
  private readonly earlyReads = new Set<Promise<unknown>>();

  constructor(
    readonly sessionId: SessionId,
    /** Below it only rollups count, and a predecessor there counts as confirmed (S6). */
    readonly floor: number,
    /** Rollups and data segments. Some may hold nothing that counts. */
    private readonly sources: readonly LogSource[],
    private readonly cache?: LogCache,
  ) {
    this.index = new LogIndex(floor);
  }

  /** Of a session that left nothing to recover. */
  static empty(sessionId: SessionId): ClosedLog {
    return new ClosedLog(sessionId, 1, []);
  }

  /** Numbers of its loose data segments, ascending. */
  get dataSegments(): readonly number[] {
    return this.sources.flatMap((source) => ('number' in source ? [source.number] : [])).sort((a, b) => a - b);
  }

  /**
   * Every database with a frame that counts, or with damage, in the order of their ids. Reads the whole log, once.
   * @throws CorruptBytesError for damage that could be anybody's; BrokenTailError; MissingSegmentError (all of kind
   *   `corrupt`); StoreUnavailableError
   */
  databases(ctx: ReadContext): Promise<readonly LogDatabase[]> {
    return this.unlessPurged(ctx, [], async () => {
      await this.readAll(ctx);
      return this.index.databases();
    });
  }

  /** See {@link readTail}. */
  tailOf(
    ctx: ReadContext,
    databaseId: DatabaseId,
    epoch: number,
    afterSequence: number,
    aside: WaitAside = (wait) => wait(),
  ): Promise<readonly Frame[]> {
    const wanted = { databaseId, epoch, afterSequence };
    return this.unlessPurged(ctx, [], async () => {
      const early = this.isComplete ? undefined : await aside(() => this.early(ctx, wanted));
      if (early !== undefined) return early;
      const placed = this.index.framesOf(databaseId, epoch);
      return this.load(ctx, durableTail(placed, this.floor, afterSequence));
    });
  }

  /** Gives up what it holds in memory; it is read again when it is asked for. Not needed: the cache is bounded. */
  evict(source: number): void {
    this.bodies.delete(source);
  }

  /** A log is purged only after all of it was recovered, and after its record (S5): there is nothing left to recover. */
  private async unlessPurged<T>(ctx: ReadContext, nothing: T, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof MissingSegmentError)) throw error;
      if ((await ctx.store.get(bucketLayout.session(this.sessionId))) !== undefined) throw error;
      return nothing;
    }
  }

  private get isComplete(): boolean {
    return this.indexed.size === this.sources.length;
  }

  /** The tail by the directories. Undefined once the whole log is read, because too many ask or something is not as it should be. */
  private async early(ctx: ReadContext, wanted: Wanted): Promise<readonly Frame[] | undefined> {
    if (this.reading === undefined && this.earlyDatabases < EARLY_DATABASES) {
      this.earlyDatabases += 1;
      const read = this.readEarly(ctx, wanted);
      this.earlyReads.add(read);
      try {
        const tail = await read;
        if (tail !== undefined) return tail;
      } finally {
        this.earlyReads.delete(read);
      }
    }
    await this.readAll(ctx);
    return undefined;
  }

  private async readEarly(ctx: ReadContext, { databaseId, epoch, afterSequence }: Wanted) {
    const directory = await this.survey(ctx);
    // Between these two nothing is awaited: each object is asked for its frames once, in one way.
    const placed: PlacedFrame<TailFrame>[] = [...this.index.framesOf(databaseId, epoch)];
    const runs = directory.runsOf(databaseId).filter(({ source }) => !this.indexed.has(source));
    if (runs.reduce((sum, { start, end }) => sum + end - start, 0) > EARLY_BYTES) return undefined;
    let isAsTold = true;
    await forEachBounded(runs, CONCURRENT_RANGES, async (run) => {
      const name = this.sources[run.source] as LogSource;
      const bytes = await readRange(ctx, name, run.start, run.end);
      const frames = framesOfRun(databaseId, run, bytes, 'number' in name ? name.number : undefined);
      if (frames === undefined) isAsTold = false;
      else placed.push(...frames.map((frame) => ({ segment: frame.segment, frame })));
    });
    if (!isAsTold) return undefined;
    const ofEpoch = placed.filter(({ frame }) => frame.epoch === epoch);
    return this.load(ctx, durableTail(ofEpoch, this.floor, afterSequence));
  }

  /** Small objects whole, and the directories of the others, for all who ask at the same time; a failure is not kept. */
  private survey(ctx: ReadContext): Promise<LogDirectory> {
    this.surveying ??= this.readDirectories(ctx).catch((error: unknown) => {
      this.surveying = undefined;
      throw error;
    });
    return this.surveying;
  }

  private async readDirectories(ctx: ReadContext): Promise<LogDirectory> {
    const directory = new LogDirectory();
    // What is not listed has no size: reading it tells that it is missing.
    await forEachWithin(this.unread(READ_WHOLE_BYTES), CONCURRENT_READS, READING_BYTES, async ({ source, number }) => {
      const found = source.sizeBytes > READ_WHOLE_BYTES ? await readObjectDirectory(ctx.store, source) : undefined;
      if (found === undefined) await this.readWhole(ctx, number);
      else directory.add(number, found);
    });
    return directory;
  }

  /** Reads everything once, for all who ask at the same time; a failure is not kept. */
  private readAll(ctx: ReadContext): Promise<void> {
    this.reading ??= this.readRest(ctx).catch((error: unknown) => {
      this.reading = undefined;
      throw error;
    });
    return this.reading;
  }

  private async readRest(ctx: ReadContext): Promise<void> {
    // Those who came early go first: after them it is thousands, which share the time that the whole log takes.
    await Promise.allSettled([...this.earlyReads]);
    await forEachWithin(this.unread(), CONCURRENT_READS, READING_BYTES, ({ number }) => this.readWhole(ctx, number));
    // The index has everything now.
    this.surveying = undefined;
  }

  private async readWhole(ctx: ReadContext, number: number): Promise<void> {
    const object = await readLogObject(ctx.store, this.sources[number] as LogSource);
    if (this.indexed.has(number)) return;
    this.indexed.add(number);
    this.index.add(number, object);
    this.hold(ctx, number, object.body);
  }

  /** @param atMostBytes that reading one takes */
  private unread(atMostBytes = Number.POSITIVE_INFINITY) {
    return this.sources
      .map((source, number) => ({ source, number, sizeBytes: Math.min(source.sizeBytes, atMostBytes) }))
      .filter(({ number }) => !this.indexed.has(number));
  }

  private hold(ctx: ReadContext, source: number, body: Uint8Array): void {
    if (this.bodies.has(source)) return;
    const ticket = (this.cache ?? LogCache.of(ctx.store)).admit(this, source, body.byteLength);
    if (ticket !== undefined) this.bodies.set(source, { body, ticket });
  }

  private async load(ctx: ReadContext, frames: readonly TailFrame[]): Promise<readonly Frame[]> {
    const loaded: Frame[] = [];
    await forEachBounded(frames.keys(), CONCURRENT_RANGES, async (i) => {
      const frame = frames[i] as TailFrame;
      loaded[i] = 'payload' in frame ? copyOf(frame, frame.payload) : await this.frame(ctx, frame);
    });
    return loaded;
  }

  private async frame(ctx: ReadContext, indexed: IndexedFrame): Promise<Frame> {
    const { source, offset, end, segment } = indexed;
    if (offset === undefined || end === undefined) throw damagedCommits(indexed);
    const held = this.bodies.get(source);
    if (held) (this.cache ?? LogCache.of(ctx.store)).touch(held.ticket);
    const name = this.sources[source] as LogSource;
    for (let read = 1; ; read++) {
      const bytes = held ? held.body.subarray(offset, end) : await readRange(ctx, name, offset, end);
      const { payload } = readFrame(bytes, 0, 'number' in name ? segment : undefined) ?? {};
      if (payload !== undefined) return copyOf(indexed, payload);
      // It was intact when the log was read: damaged on its way, or it has become so at rest.
      if (held || read === READS_OF_DAMAGED) throw damagedCommits(indexed);
    }
  }
}

/** A copy: whoever keeps a view of one frame would keep all of its segment or rollup in memory. */
function copyOf(header: PlacedHeader, payload: Uint8Array): Frame {
  const { databaseId, epoch, previousSegment, firstSequence, lastSequence } = header;
  return { databaseId, epoch, previousSegment, firstSequence, lastSequence, payload: Uint8Array.from(payload) };
}

async function readRange(ctx: ReadContext, name: LogSource, start: number, end: number): Promise<Uint8Array> {
  return (await getObject(ctx.store, name, { range: { start, end } })).body;
}

/**
 * The frames of one database at one epoch that are durable and not contained in a head whose commit is `afterSequence`,
 * in the order of their commits, without gaps or repetitions. The first frame may begin at or below `afterSequence`.
 *
 * @param aside for the time in which the log is read for all; by default the caller just waits
 * @throws CorruptBytesError when a frame that may be this database's is damaged (L3); BrokenTailError;
 *   MissingSegmentError (all of kind `corrupt`); StoreUnavailableError
 */
export function readTail(
  ctx: ReadContext,
  closed: ClosedLog,
  databaseId: DatabaseId,
  epoch: number,
  afterSequence: number,
  aside?: WaitAside,
): Promise<readonly Frame[]> {
  return closed.tailOf(ctx, databaseId, epoch, afterSequence, aside);
}
