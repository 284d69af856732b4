import { bucketLayout } from '@leasehold/bucket-layout';
import type { PlacedHeader } from '@leasehold/commit-log';
import { BrokenTailError, durableTail, SEAL_BYTES, WINDOW_SEGMENTS } from '@leasehold/commit-log';
import type { Head } from '@leasehold/engine';
import { decodeHead } from '@leasehold/engine';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { forEachBounded } from '@leasehold/foundation';
import type { RollupRange, SessionRecord } from '@leasehold/lease';
import type { ListedObject } from '@leasehold/object-store';

import type { ScrubContext } from './context.js';
import { wholeRollup, wholeSegment } from './log-object.js';
import { readDecoded } from './read-decoded.js';
import type { Suspicions } from './suspicions.js';

/** Rollups have 32 MiB at most. */
const OBJECTS_AT_ONCE = 4;
const HEADS_AT_ONCE = 16;

/** A log whose record says what of it counts. */
export interface RecordedLog {
  readonly record: SessionRecord;
  /** Listed before the record was read, so that whatever the record knows less of than the list has landed since. */
  readonly objects: readonly ListedObject[];
}

/**
 * One look at a log and at what the heads need of it: everything from the floor on, every rollup that the record names, every seal. What the
 * frames say of each other is held against heads that are read after them, for heads only advance.
 */
export class LogLook {
  readonly found: Suspicions = new Map();
  private readonly frames = new Map<DatabaseId, PlacedHeader[]>();
  private readonly numbers = new Map<number, 'data' | 'seal'>();
  /** Something was gone that was there when it was listed: of the frames no conclusion can be drawn. */
  private isTorn = false;

  constructor(
    private readonly ctx: ScrubContext,
    private readonly log: RecordedLog,
  ) {}

  async run(): Promise<void> {
    const { record, objects } = this.log;
    await forEachBounded(objects, OBJECTS_AT_ONCE, async ({ key, sizeBytes }) => {
      const number = bucketLayout.parseSegment(record.sessionId, key);
      if (number !== undefined && (number >= record.floor || sizeBytes === SEAL_BYTES))
        await this.readSegment(number, key);
    });
    await forEachBounded(record.rollups, OBJECTS_AT_ONCE, (range) => this.readRollup(range));
    this.judgeNumbers();
    this.judgeSeals();
    if (!this.isTorn) await forEachBounded(this.frames, HEADS_AT_ONCE, (entry) => this.judgeTail(...entry));
  }

  /** S3: everything from the floor to the lowest seal exists, and so does the window that begins there. */
  get isClosed(): boolean {
    let number = this.log.record.floor;
    while (this.numbers.get(number) === 'data') number++;
    for (let i = 0; i < WINDOW_SEGMENTS; i++) if (!this.numbers.has(number + i)) return false;
    return true;
  }

  private async readSegment(number: number, name: string): Promise<void> {
    const { sessionId } = this.log.record;
    const segment = await this.read(name, (body) => {
      const { kind, intact } = wholeSegment({ sessionId, number }, body);
      return { kind, headers: intact.map(({ header }) => header) };
    });
    // What it is, its size tells when its bytes do not.
    this.numbers.set(number, segment?.kind ?? 'data');
    this.place(segment?.headers ?? []);
  }

  private async readRollup({ from, to }: RollupRange): Promise<void> {
    const { sessionId } = this.log.record;
    const name = bucketLayout.rollup(sessionId, from, to);
    const headers = await this.read(name, (body) =>
      wholeRollup({ sessionId, from, to }, body).intact.map(({ header }) => header),
    );
    this.place(headers ?? []);
  }

  private async read<T>(name: string, decode: (body: Uint8Array) => T): Promise<T | undefined> {
    this.ctx.signal?.throwIfAborted();
    const decoded = await readDecoded(this.ctx, name, decode);
    if (decoded !== undefined && 'value' in decoded) return decoded.value;
    this.isTorn = true;
    if (decoded === undefined) this.found.set(name, { kind: 'missing', why: 'the session record counts it in' });
    else this.found.set(name, { kind: 'corrupt', why: decoded.why });
    return undefined;
  }

  private place(headers: readonly PlacedHeader[]): void {
    for (const header of headers) {
      const frames = this.frames.get(header.databaseId);
      if (frames === undefined) this.frames.set(header.databaseId, [header]);
      else frames.push(header);
    }
  }

  /** S4: a number that is so far below another one was confirmed before that was put. */
  private judgeNumbers(): void {
    const { sessionId, floor } = this.log.record;
    let highest = 0;
    for (const number of this.numbers.keys()) highest = Math.max(highest, number);
    for (let number = floor; number <= highest - WINDOW_SEGMENTS; number++) {
      if (this.numbers.has(number)) continue;
      const why = `segment ${highest} was put after it was confirmed`;
      this.found.set(bucketLayout.segment(sessionId, number), { kind: 'missing', why });
      this.isTorn = true;
    }
  }

  /** S3: seals come after the record was sealed, and no edit unseals it. */
  private judgeSeals(): void {
    const { sessionId, state } = this.log.record;
    if (state === 'sealed' || ![...this.numbers.values()].includes('seal')) return;
    this.found.set(bucketLayout.session(sessionId), { kind: 'corrupt', why: `is ${state}, and seals are in its log` });
  }

  /** H3, S4: what counts of a database that is still this session's goes on from its head without a gap. */
  private async judgeTail(databaseId: DatabaseId, headers: readonly PlacedHeader[]): Promise<void> {
    const name = bucketLayout.head(databaseId);
    const { sessionId, floor, state } = this.log.record;
    const head = await readDecoded(this.ctx, name, decodeHead);
    if (head === undefined)
      return void this.found.set(name, { kind: 'missing', why: `its commits are in the log of ${sessionId}` });
    if ('why' in head || head.value.owner !== sessionId || head.value.quarantined) return;
    const { epoch, lastCommit } = head.value;
    const placed = headers
      .filter((header) => header.epoch === epoch)
      .map((frame) => ({ segment: frame.segment, frame }));
    try {
      const tail = durableTail(placed, floor, lastCommit.sequence);
      if (state === 'clean' && tail.length > 0)
        this.found.set(name, { kind: 'corrupt', why: lacks(head.value, tail, 'ended as clean', sessionId) });
    } catch (error) {
      if (!(error instanceof BrokenTailError)) throw error;
      this.found.set(name, { kind: 'corrupt', why: `${error.message}, in the log of ${sessionId}` });
    }
  }
}

function lacks(head: Head, tail: readonly PlacedHeader[], how: string, sessionId: SessionId): string {
  const last = tail.at(-1)?.lastSequence ?? 0;
  return `has commits to ${head.lastCommit.sequence}, and ${sessionId}, which ${how}, wrote to ${last}`;
}
