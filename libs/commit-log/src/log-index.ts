import type { DatabaseId } from '@leasehold/foundation';
import { CorruptBytesError } from '@leasehold/foundation';

import type { PlacedFrame } from './durable-tail.js';
import { countingFrames } from './durable-tail.js';
import type { PlacedHeader } from './frame-codec.js';
import type { FrameMap } from './segment.js';

/** Where a frame lies. About 120 bytes of memory each. */
export interface IndexedFrame extends PlacedHeader {
  /** Position among the sources of the log. */
  readonly source: number;
  /** Bytes [offset, end) of the source; undefined when the payload there is damaged. */
  readonly offset: number | undefined;
  readonly end: number | undefined;
}

/** One database of a closed log: what whoever recovers it has to compare with its head. */
export interface LogDatabase {
  readonly databaseId: DatabaseId;
  /** The highest one at which a frame counts (S4); 0 when none does and something is damaged. */
  readonly epoch: number;
  /** Of the last frame that counts at this epoch. */
  readonly lastSequence: number;
  /** Something of it cannot be read: reading its tail may fail (L3). */
  readonly damaged: boolean;
}

/** Every frame of a closed log by database, without the payloads. */
export class LogIndex {
  private readonly frames = new Map<DatabaseId, IndexedFrame[]>();
  /** Databases with a frame of which nothing but its owner is known. */
  private readonly damaged = new Set<DatabaseId>();
  private anybodys = false;

  constructor(private readonly floor: number) {}

  add(source: number, { intact, damage }: FrameMap): void {
    for (const { header, offset, end } of intact) this.place({ ...header, source, offset, end });
    for (const { databaseId, header } of damage) {
      if (header !== undefined) this.place({ ...header, source, offset: undefined, end: undefined });
      else if (databaseId !== undefined) this.damaged.add(databaseId);
      else this.anybodys = true;
    }
  }

  /**
   * Frames of one database and epoch, of which the caller finds out what counts.
   * @throws CorruptBytesError when there is a frame that may be one of them and cannot be read (L3)
   */
  framesOf(databaseId: DatabaseId, epoch: number): readonly PlacedFrame<IndexedFrame>[] {
    if (this.anybodys || this.damaged.has(databaseId)) throw new CorruptBytesError('damaged frame in the log');
    const frames = this.frames.get(databaseId) ?? [];
    return frames.filter((frame) => frame.epoch === epoch).map((frame) => ({ segment: frame.segment, frame }));
  }

  /** @throws CorruptBytesError when something is damaged that could be anybody's, so that no list would be complete */
  databases(): readonly LogDatabase[] {
    if (this.anybodys) throw new CorruptBytesError('damaged frame in the log, of an unknown database');
    const ids = new Set([...this.frames.keys(), ...this.damaged]);
    return [...ids].sort().flatMap((databaseId) => this.database(databaseId) ?? []);
  }

  private database(databaseId: DatabaseId): LogDatabase | undefined {
    const frames = this.frames.get(databaseId) ?? [];
    const damaged = this.damaged.has(databaseId) || frames.some(({ offset }) => offset === undefined);
    const epochs = [...new Set(frames.map(({ epoch }) => epoch))].sort((a, b) => b - a);
    for (const epoch of epochs) {
      const placed = frames
        .filter((frame) => frame.epoch === epoch)
        .map((frame) => ({ segment: frame.segment, frame }));
      const last = countingFrames(placed, this.floor).at(-1);
      if (last !== undefined) return { databaseId, epoch, lastSequence: last.frame.lastSequence, damaged };
    }
    return damaged ? { databaseId, epoch: 0, lastSequence: 0, damaged } : undefined;
  }

  private place(frame: IndexedFrame): void {
    const frames = this.frames.get(frame.databaseId);
    if (frames === undefined) this.frames.set(frame.databaseId, [frame]);
    else frames.push(frame);
  }
}
