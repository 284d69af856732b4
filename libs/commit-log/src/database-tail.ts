import type { DatabaseId } from '@leasehold/foundation';
import { CorruptBytesError } from '@leasehold/foundation';

import type { PlacedFrame } from './durable-tail.js';
import { durableTail } from './durable-tail.js';
import type { Frame, FrameHeader } from './frame.js';
import type { DecodedSegment } from './segment.js';

export interface NumberedSegment extends DecodedSegment {
  readonly number: number;
}

export interface TailOptions {
  readonly databaseId: DatabaseId;
  readonly epoch: number;
  readonly afterSequence: number;
  /** A predecessor below it counts as confirmed. */
  readonly floor: number;
}

/**
 * What counts of one database in the segments that may hold it (S4).
 *
 * Damage is never taken for the end (L3). A frame whose payload alone is damaged still links its chain, and stops the
 * database only if its content is needed: what a head contains already, or what never counted, is nobody's matter.
 *
 * @throws CorruptBytesError, BrokenTailError
 */
export function databaseTail(segments: readonly NumberedSegment[], options: TailOptions): readonly Frame[] {
  const { databaseId, epoch, afterSequence, floor } = options;
  const placed: PlacedFrame<Frame | FrameHeader>[] = [];
  for (const { number, frames, damage } of segments) {
    for (const { databaseId: owner, header } of damage) {
      if (owner !== undefined && owner !== databaseId) continue;
      if (header === undefined) throw new CorruptBytesError(`damaged frame in log segment ${number}`);
      if (header.epoch === epoch) placed.push({ segment: number, frame: header });
    }
    for (const frame of frames) {
      if (frame.databaseId === databaseId && frame.epoch === epoch) placed.push({ segment: number, frame });
    }
  }
  return durableTail(placed, floor, afterSequence).map((frame) => {
    if ('payload' in frame) return frame;
    throw new CorruptBytesError(`damaged commits from ${frame.firstSequence} to ${frame.lastSequence}`);
  });
}
