import type { DatabaseId, SessionId } from '@leasehold/foundation';
import type { SessionContext } from '@leasehold/lease';

import { forEachBounded } from './bounded.js';
import type { NumberedSegment } from './database-tail.js';
import { databaseTail } from './database-tail.js';
import type { Frame } from './frame.js';
import type { ReadSegment } from './segment-reader.js';
import { readSegment } from './segment-reader.js';

/** Segments read at the same time. */
const CONCURRENT_READS = 16;
/** Decoded segments kept for the next database of the same log; the others are read again. */
const CACHE_BYTES = 32 * 1024 * 1024;

/**
 * The log of an ended session: which segments it has is settled for ever. It is read once for all databases; after a
 * crash thousands of them are recovered from it, each from memory or from the few segments that hold it.
 */
export class ClosedLog {
  private readonly cache = new Map<number, ReadSegment>();
  private cachedBytes = 0;
  private contents: Promise<LogContents> | undefined;

  constructor(
    readonly sessionId: SessionId,
    /** Segments below it were flushed; a predecessor there counts as confirmed (S6). */
    readonly floor: number,
    /** Numbers of its data segments, ascending. Some may hold nothing that counts. */
    readonly dataSegments: readonly number[],
  ) {}

  /** Of a session that left nothing to recover. */
  static empty(sessionId: SessionId): ClosedLog {
    return new ClosedLog(sessionId, 1, []);
  }

  /** See {@link readTail}. */
  async tailOf(
    ctx: Pick<SessionContext, 'store'>,
    databaseId: DatabaseId,
    epoch: number,
    afterSequence: number,
  ): Promise<readonly Frame[]> {
    const contents = await this.read(ctx);
    const numbers = new Set([...contents.anybodys, ...(contents.byDatabase.get(databaseId) ?? [])]);
    const segments: NumberedSegment[] = [];
    await forEachBounded(numbers, CONCURRENT_READS, async (number) => {
      segments.push({ ...(await this.segment(ctx, number)), number });
    });
    return databaseTail(segments, { databaseId, epoch, afterSequence, floor: this.floor });
  }

  /** Reads everything once, for all who ask at the same time; a failure is not kept. */
  private read(ctx: Pick<SessionContext, 'store'>): Promise<LogContents> {
    this.contents ??= this.readContents(ctx).catch((error: unknown) => {
      this.contents = undefined;
      throw error;
    });
    return this.contents;
  }

  private async readContents(ctx: Pick<SessionContext, 'store'>): Promise<LogContents> {
    const byDatabase = new Map<DatabaseId, Set<number>>();
    const anybodys = new Set<number>();
    await forEachBounded(this.dataSegments, CONCURRENT_READS, async (number) => {
      const { frames, damage } = await this.segment(ctx, number);
      for (const { databaseId } of [...frames, ...damage]) {
        if (databaseId === undefined) anybodys.add(number);
        else byDatabase.set(databaseId, (byDatabase.get(databaseId) ?? new Set()).add(number));
      }
    });
    return { byDatabase, anybodys };
  }

  private async segment(ctx: Pick<SessionContext, 'store'>, number: number): Promise<ReadSegment> {
    const cached = this.cache.get(number);
    if (cached) return cached;
    const segment = await readSegment(ctx.store, { sessionId: this.sessionId, number });
    if (!this.cache.has(number) && this.cachedBytes + segment.sizeBytes <= CACHE_BYTES) {
      this.cachedBytes += segment.sizeBytes;
      this.cache.set(number, segment);
    }
    return segment;
  }
}

interface LogContents {
  readonly byDatabase: ReadonlyMap<DatabaseId, ReadonlySet<number>>;
  /** Segments with damage that could be any database's. */
  readonly anybodys: ReadonlySet<number>;
}

/**
 * The frames of one database at one epoch that are durable and not contained in a head whose commit is `afterSequence`,
 * in the order of their commits, without gaps or repetitions. The first frame may begin at or below `afterSequence`.
 *
 * @throws CorruptBytesError when a frame that may be this database's is damaged (L3); BrokenTailError;
 *   MissingSegmentError (all of kind `corrupt`); StoreUnavailableError
 */
export function readTail(
  ctx: Pick<SessionContext, 'store'>,
  closed: ClosedLog,
  databaseId: DatabaseId,
  epoch: number,
  afterSequence: number,
): Promise<readonly Frame[]> {
  return closed.tailOf(ctx, databaseId, epoch, afterSequence);
}
