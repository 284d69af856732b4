import type { DatabaseId } from '@leasehold/foundation';
import { assert } from '@leasehold/foundation';
import type { RollupRange } from '@leasehold/lease';

import type { Append } from './frame.js';
import type { LoggedAppend } from './logged-append.js';
import { ROLLED_FRAME_OVERHEAD_BYTES } from './rollup.js';

/** A segment that no rollup stands for. */
export interface LooseSegment {
  readonly number: number;
  readonly frames: readonly LoggedAppend[];
  /** What its needed frames would take in a rollup. */
  readonly neededBytes: number;
  /** Its own bytes cannot be read back, and a rollup must not pass it. */
  readonly unreadable: boolean;
}

export interface RetainedRollup extends RollupRange {
  /** Of the object. */
  readonly sizeBytes: number;
  readonly neededFrames: number;
  readonly neededBytes: number;
  readonly unreadable: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface Loose extends Omit<Mutable<LooseSegment>, 'frames'> {
  frames: LoggedAppend[];
  neededFrames: number;
}

type Contained = Pick<Append, 'epoch' | 'lastSequence'>;

/**
 * Why the log is still needed: the frames that no confirmed head contains yet (L4, S6), where each of them lies, and what of
 * them is still in memory for the next rollup (L5).
 *
 * What a database costs here does not depend on what it wrote, only on how many of its frames are needed.
 */
export class Retention {
  private readonly loose = new Map<number, Loose>();
  /** Ascending; those that the session's record names or is about to name. */
  private rolled: Mutable<RetainedRollup>[] = [];
  /** Needed frames, in the order of their segments, then as they were accepted. A database without any is not in the map. */
  private readonly needed = new Map<DatabaseId, LoggedAppend[]>();
  private neededPayloadBytes = 0;
  private heldBytes = 0;
  private lowest = 1;
  /** Of the segments that a rollup is being written for: what is to be let go once that is over. */
  private lingering: { readonly range: RollupRange; readonly appends: LoggedAppend[] } | undefined;

  /** @param heldLimitBytes payload bytes kept in memory for rollups */
  constructor(private readonly heldLimitBytes: number) {}

  /** Payload bytes that recovery would have to read. */
  get unflushedBytes(): number {
    return this.neededPayloadBytes;
  }

  get rollups(): readonly RetainedRollup[] {
    return this.rolled;
  }

  /** Databases with needed frames, the one with the oldest first. */
  get laggards(): readonly DatabaseId[] {
    return [...this.needed]
      .sort(([, a], [, b]) => (a[0]?.segment ?? 0) - (b[0]?.segment ?? 0))
      .map(([databaseId]) => databaseId);
  }

  /**
   * Databases with needed frames in objects that cannot be read back, the one with the oldest first: no rollup takes these in, and what
   * is in memory is all that is left of them.
   */
  get blockers(): readonly DatabaseId[] {
    const damaged = new Set([...this.loose.values()].flatMap(({ unreadable, number }) => (unreadable ? number : [])));
    const ranges = this.rolled.filter(({ unreadable }) => unreadable);
    if (damaged.size === 0 && ranges.length === 0) return [];
    const isDamaged = (frame: LoggedAppend): boolean =>
      damaged.has(frame.segment) || ranges.some((range) => isWithin(frame, range));
    return this.laggards.filter((databaseId) => this.needed.get(databaseId)?.some(isDamaged));
  }

  needs(databaseId: DatabaseId): boolean {
    return this.needed.has(databaseId);
  }

  /** It is about to be put in its segment; {@link hold} follows, before anything else is said of that. */
  add(append: LoggedAppend): void {
    const { databaseId, segment: number, payloadBytes } = append;
    let segment = this.loose.get(number);
    if (segment === undefined) {
      segment = { number, frames: [], neededFrames: 0, neededBytes: 0, unreadable: false };
      this.loose.set(number, segment);
    }
    if (append.needless) return;
    segment.frames.push(append);
    segment.neededFrames++;
    segment.neededBytes += rolledBytes(append);
    const frames = this.needed.get(databaseId);
    if (frames === undefined) this.needed.set(databaseId, [append]);
    else frames.push(append);
    this.neededPayloadBytes += payloadBytes;
  }

  /**
   * Their segment is written: what no rollup will ask for is let go, and what the budget does not hold. What is shared is held by others
   * anyway, and is in their budgets.
   */
  hold(appends: readonly LoggedAppend[]): void {
    for (const append of appends) {
      const { payloadBytes, isShared } = append;
      if (append.needless) append.letGo();
      else if (isShared) continue;
      else if (this.heldBytes + payloadBytes > this.heldLimitBytes) append.letGo();
      else this.heldBytes += payloadBytes;
    }
  }

  /**
   * What is held of a range of segments stays so while the work goes on, also where a head comes to contain it meanwhile: their rollup may be at
   * it. Nothing else stays: the work may have to wait for a slow store, and nobody counts what stays.
   */
  async keeping<T>(range: RollupRange, work: () => Promise<T>): Promise<T> {
    assert(this.lingering === undefined, 'one rollup is written at a time');
    const appends: LoggedAppend[] = [];
    this.lingering = { range, appends };
    try {
      return await work();
    } finally {
      this.lingering = undefined;
      for (const append of appends) this.letGo(append);
    }
  }

  /** What was shared of a database is held by nobody else from here on: it is let go with its fold, and is in the budget until then. */
  unshare(databaseId: DatabaseId): void {
    for (const append of this.needed.get(databaseId) ?? []) {
      if (!append.isShared || !append.isHeld) continue;
      append.isShared = false;
      this.heldBytes += append.payloadBytes;
      if (!this.loose.has(append.segment) || this.heldBytes > this.heldLimitBytes) this.letGoInTime(append);
    }
  }

  flushed(databaseId: DatabaseId, isNeedless: (frame: Contained) => boolean): void {
    const frames = this.needed.get(databaseId);
    if (frames === undefined) return;
    const kept = frames.filter((frame) => !isNeedless(frame));
    if (kept.length === frames.length) return;
    for (const frame of frames) if (isNeedless(frame)) this.release(frame);
    if (kept.length === 0) this.needed.delete(databaseId);
    else this.needed.set(databaseId, kept);
  }

  /** Needed frames of a database at an epoch and above a sequence, in the order of their segments. */
  framesOf(databaseId: DatabaseId, epoch: number, afterSequence: number): readonly LoggedAppend[] {
    const frames = this.needed.get(databaseId) ?? [];
    return frames.filter((frame) => frame.epoch === epoch && frame.lastSequence > afterSequence);
  }

  /** What is known of a frame that was read back, if it is needed still. */
  find(frame: Omit<Append, 'payload'>, segment: number): LoggedAppend | undefined {
    const { databaseId, epoch, firstSequence } = frame;
    const frames = this.needed.get(databaseId) ?? [];
    const own = frames[firstFrom(frames, segment, epoch, firstSequence)];
    const isSame = own?.segment === segment && own.epoch === epoch && own.firstSequence === firstSequence;
    return isSame ? own : undefined;
  }

  /** All needed frames of a range of segments: of one database after the other, in the order of their segments. */
  *neededIn({ from, to }: RollupRange): Iterable<LoggedAppend> {
    for (const frames of this.needed.values()) {
      for (let at = firstFrom(frames, from); at < frames.length; at++) {
        const frame = frames[at] as LoggedAppend;
        if (frame.segment > to) break;
        yield frame;
      }
    }
  }

  /** The rollup that stands for a segment. */
  rollupOf(segment: number): RetainedRollup | undefined {
    return this.rolled.find(({ from, to }) => from <= segment && segment <= to);
  }

  /** S6: the lowest segment that is unconfirmed, or that is loose and needed. The floor may rise up to it. */
  floor(isConfirmed: (segment: number) => boolean): number {
    while (isConfirmed(this.lowest) && (this.loose.get(this.lowest)?.neededFrames ?? 0) === 0) {
      this.loose.delete(this.lowest);
      this.lowest++;
    }
    return this.lowest;
  }

  /** From {@link floor} up to a number, as far as there are any. */
  *looseFrom(floor: number, through: number): Iterable<LooseSegment> {
    for (let number = floor; number <= through; number++) {
      const segment = this.loose.get(number);
      assert(segment !== undefined, 'segments from the floor on are retained');
      yield segment;
    }
  }

  /**
   * From now on a rollup stands for the loose segments up to its end and for the rollups inside its range; undefined: none has
   * to. What was needed in them may have become less since the rollup was written.
   */
  fold(range: RollupRange, sizeBytes: number | undefined): void {
    const inside = ({ from, to }: RollupRange): boolean => from >= range.from && to <= range.to;
    const rollup = { ...range, sizeBytes: sizeBytes ?? 0, neededFrames: 0, neededBytes: 0, unreadable: false };
    for (const merged of this.rolled.filter(inside)) {
      rollup.neededFrames += merged.neededFrames;
      rollup.neededBytes += merged.neededBytes;
    }
    for (; this.lowest <= range.to; this.lowest++) {
      const segment = this.loose.get(this.lowest);
      if (segment === undefined) continue;
      rollup.neededFrames += segment.neededFrames;
      rollup.neededBytes += segment.neededBytes;
      for (const frame of segment.frames) if (!frame.isShared) this.letGo(frame);
      this.loose.delete(this.lowest);
    }
    assert(
      sizeBytes !== undefined || rollup.neededFrames === 0,
      'what is needed is in a rollup before its segments go',
    );
    this.rolled = this.rolled.filter((other) => !inside(other));
    if (sizeBytes !== undefined) this.rolled.push(rollup);
    this.rolled.sort((a, b) => a.from - b.from);
  }

  /** Takes out the rollups of which nothing is needed any more. */
  dropNeedless(): readonly RollupRange[] {
    const dropped = this.rolled.filter(({ neededFrames }) => neededFrames === 0);
    if (dropped.length > 0) this.rolled = this.rolled.filter(({ neededFrames }) => neededFrames > 0);
    return dropped;
  }

  /** The object that holds the segment's frames cannot be read back: it stays until heads contain them. */
  markUnreadable(segment: number): void {
    const holder = this.loose.get(segment) ?? this.rolled.find(({ from, to }) => from <= segment && segment <= to);
    if (holder !== undefined) holder.unreadable = true;
  }

  private release(frame: LoggedAppend): void {
    const { segment } = frame;
    const holder = this.loose.get(segment) ?? this.rolled.find(({ from, to }) => from <= segment && segment <= to);
    assert(holder !== undefined, 'a needed frame lies in a segment or rollup that is kept');
    frame.needed = false;
    holder.neededFrames--;
    holder.neededBytes -= rolledBytes(frame);
    this.neededPayloadBytes -= frame.payloadBytes;
    this.letGoInTime(frame);
  }

  private letGoInTime(frame: LoggedAppend): void {
    const { lingering } = this;
    const isWritten = lingering !== undefined && isWithin(frame, lingering.range);
    if (isWritten && frame.isHeld) lingering.appends.push(frame);
    else this.letGo(frame);
  }

  private letGo(frame: LoggedAppend): void {
    if (!frame.isHeld) return;
    if (!frame.isShared) this.heldBytes -= frame.payloadBytes;
    frame.letGo();
  }
}

/**
 * The place of the first one from a segment on, or from a frame in it. Merging asks for each frame of a rollup, and one database may have
 * thousands, also in one segment.
 */
function firstFrom(frames: readonly LoggedAppend[], segment: number, epoch = 0, sequence = 0): number {
  let [low, high] = [0, frames.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const frame = frames[middle] as LoggedAppend;
    const order = frame.segment - segment || frame.epoch - epoch || frame.firstSequence - sequence;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isWithin({ segment }: LoggedAppend, { from, to }: RollupRange): boolean {
  return from <= segment && segment <= to;
}

function rolledBytes({ payloadBytes }: LoggedAppend): number {
  return payloadBytes + ROLLED_FRAME_OVERHEAD_BYTES;
}
