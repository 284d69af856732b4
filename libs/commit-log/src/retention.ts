import type { DatabaseId } from '@leasehold/foundation';
import { assert } from '@leasehold/foundation';

import type { Append } from './frame.js';

interface RetainedFrame {
  readonly segment: number;
  readonly epoch: number;
  readonly lastSequence: number;
  readonly sizeBytes: number;
}

interface RetainedSegment {
  /** Frames that no confirmed head contains. */
  needed: number;
  readonly databases: Set<DatabaseId>;
}

/** Why segments are still needed: the frames in them that no confirmed head contains yet. */
export class Retention {
  private readonly segments = new Map<number, RetainedSegment>();
  /** Needed frames, in the order of their segments. A database without any is not in the map. */
  private readonly needed = new Map<DatabaseId, RetainedFrame[]>();
  private neededBytes = 0;
  private lowest = 1;

  /** Payload bytes that recovery would have to read. */
  get unflushedBytes(): number {
    return this.neededBytes;
  }

  /** Databases that hold back the floor, the one with the oldest frame first. */
  get laggards(): readonly DatabaseId[] {
    return [...this.needed]
      .sort(([, a], [, b]) => (a[0]?.segment ?? 0) - (b[0]?.segment ?? 0))
      .map(([databaseId]) => databaseId);
  }

  add(number: number, append: Append & { readonly needless: boolean }): void {
    const { databaseId, epoch, lastSequence, payload } = append;
    const segment = this.segments.get(number) ?? { needed: 0, databases: new Set() };
    this.segments.set(number, segment);
    segment.databases.add(databaseId);
    if (append.needless) return;
    const frame = { segment: number, epoch, lastSequence, sizeBytes: payload.byteLength };
    const frames = this.needed.get(databaseId);
    if (frames === undefined) this.needed.set(databaseId, [frame]);
    else frames.push(frame);
    segment.needed++;
    this.neededBytes += frame.sizeBytes;
  }

  flushed(databaseId: DatabaseId, isNeedless: (frame: Pick<Append, 'epoch' | 'lastSequence'>) => boolean): void {
    const kept: RetainedFrame[] = [];
    for (const frame of this.needed.get(databaseId) ?? []) {
      if (!isNeedless(frame)) {
        kept.push(frame);
        continue;
      }
      const segment = this.segments.get(frame.segment);
      assert(segment !== undefined, 'a needed frame lies in a retained segment');
      segment.needed--;
      this.neededBytes -= frame.sizeBytes;
    }
    if (kept.length === 0) this.needed.delete(databaseId);
    else this.needed.set(databaseId, kept);
  }

  /** Segments that hold needed frames of a database at an epoch and above a sequence. */
  segmentsOf(databaseId: DatabaseId, epoch: number, afterSequence: number): readonly number[] {
    const frames = this.needed.get(databaseId) ?? [];
    const wanted = frames.filter((frame) => frame.epoch === epoch && frame.lastSequence > afterSequence);
    return [...new Set(wanted.map(({ segment }) => segment))];
  }

  /** S6: the lowest segment that is unconfirmed or still needed; everything below it may be trimmed. */
  floor(isConfirmed: (segment: number) => boolean): number {
    while (isConfirmed(this.lowest) && this.segments.get(this.lowest)?.needed === 0) this.lowest++;
    return this.lowest;
  }

  /** Drops what is known of a trimmed segment. @returns the databases that had frames in it */
  trim(number: number): Iterable<DatabaseId> {
    const segment = this.segments.get(number);
    assert(
      number < this.lowest && (segment === undefined || segment.needed === 0),
      'a needed segment is never trimmed',
    );
    this.segments.delete(number);
    return segment?.databases ?? [];
  }
}
