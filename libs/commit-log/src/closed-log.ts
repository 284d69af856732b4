import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { assert } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

import { forEachBounded, forEachWithin } from './bounded.js';
import { damagedCommits } from './database-tail.js';
import { durableTail } from './durable-tail.js';
import type { Frame } from './frame.js';
import { readFrame } from './frame-codec.js';
import type { CacheTicket } from './log-cache.js';
import { LogCache } from './log-cache.js';
import { MissingSegmentError } from './log-errors.js';
import type { IndexedFrame, LogDatabase } from './log-index.js';
import { LogIndex } from './log-index.js';
import { logObjectKey, readLogObject, READS_OF_DAMAGED } from './log-object.js';
import type { LogSource } from './log-source.js';

export type { LogDatabase } from './log-index.js';

/** Objects read at the same time: all that a session may leave, 512 segments and 16 rollups (L5), in five waves. */
const CONCURRENT_READS = 128;
/** Bytes on their way at the same time. */
const READING_BYTES = 64 * 1024 * 1024;
/** Ranges of one database read at the same time. */
const CONCURRENT_RANGES = 64;

type ReadContext = { readonly store: Pick<ObjectStore, 'get'> };

/**
 * The log of an ended session: what belongs to it is settled for ever. It is read once, for all databases; after a crash
 * thousands of them are recovered from it, each from memory, or, where the cache has no room for the whole log, from the
 * ranges of bytes that are its own.
 */
export class ClosedLog {
  private readonly bodies = new Map<number, { readonly body: Uint8Array; readonly ticket: CacheTicket }>();
  private index: Promise<LogIndex> | undefined;

  constructor(
    readonly sessionId: SessionId,
    /** Below it only rollups count, and a predecessor there counts as confirmed (S6). */
    readonly floor: number,
    /** Rollups and data segments. Some may hold nothing that counts. */
    private readonly sources: readonly LogSource[],
    private readonly cache?: LogCache,
  ) {}

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
    return this.unlessPurged(ctx, [], async () => (await this.read(ctx)).databases());
  }

  /** See {@link readTail}. */
  tailOf(ctx: ReadContext, databaseId: DatabaseId, epoch: number, afterSequence: number): Promise<readonly Frame[]> {
    return this.unlessPurged(ctx, [], async () => {
      const placed = (await this.read(ctx)).framesOf(databaseId, epoch);
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

  /** Reads everything once, for all who ask at the same time; a failure is not kept. */
  private read(ctx: ReadContext): Promise<LogIndex> {
    this.index ??= this.readAll(ctx).catch((error: unknown) => {
      this.index = undefined;
      throw error;
    });
    return this.index;
  }

  private async readAll(ctx: ReadContext): Promise<LogIndex> {
    const index = new LogIndex(this.floor);
    const numbered = this.sources.map((source, number) => ({ source, number, sizeBytes: source.sizeBytes }));
    await forEachWithin(numbered, CONCURRENT_READS, READING_BYTES, async ({ source, number }) => {
      const object = await readLogObject(ctx.store, source);
      index.add(number, object);
      this.hold(ctx, number, object.body);
    });
    return index;
  }

  private hold(ctx: ReadContext, source: number, body: Uint8Array): void {
    if (this.bodies.has(source)) return;
    const ticket = (this.cache ?? LogCache.of(ctx.store)).admit(this, source, body.byteLength);
    if (ticket !== undefined) this.bodies.set(source, { body, ticket });
  }

  private async load(ctx: ReadContext, frames: readonly IndexedFrame[]): Promise<readonly Frame[]> {
    const loaded: Frame[] = [];
    await forEachBounded(frames.keys(), CONCURRENT_RANGES, async (i) => {
      loaded[i] = await this.frame(ctx, frames[i] as IndexedFrame);
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
      if (payload !== undefined) {
        const { databaseId, epoch, previousSegment, firstSequence, lastSequence } = indexed;
        // A copy: whoever keeps a view of one frame would keep all of its segment or rollup in memory.
        return { databaseId, epoch, previousSegment, firstSequence, lastSequence, payload: Uint8Array.from(payload) };
      }
      // It was intact when the log was read: damaged on its way, or it has become so at rest.
      if (held || read === READS_OF_DAMAGED) throw damagedCommits(indexed);
    }
  }
}

async function readRange(ctx: ReadContext, name: LogSource, start: number, end: number): Promise<Uint8Array> {
  const key = logObjectKey(name);
  const object = await ctx.store.get(key, { range: { start, end } });
  if (object === undefined) throw new MissingSegmentError(key);
  assert(object !== 'not-modified', 'an unconditional read has a body');
  return object.body;
}

/**
 * The frames of one database at one epoch that are durable and not contained in a head whose commit is `afterSequence`,
 * in the order of their commits, without gaps or repetitions. The first frame may begin at or below `afterSequence`.
 *
 * @throws CorruptBytesError when a frame that may be this database's is damaged (L3); BrokenTailError;
 *   MissingSegmentError (all of kind `corrupt`); StoreUnavailableError
 */
export function readTail(
  ctx: ReadContext,
  closed: ClosedLog,
  databaseId: DatabaseId,
  epoch: number,
  afterSequence: number,
): Promise<readonly Frame[]> {
  return closed.tailOf(ctx, databaseId, epoch, afterSequence);
}
