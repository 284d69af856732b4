import type { DatabaseId } from '@leasehold/foundation';
import { CorruptBytesError } from '@leasehold/foundation';

import type { PlacedFrame } from './durable-tail.js';
import { durableTail } from './durable-tail.js';
import type { Frame } from './frame.js';
import type { PlacedHeader } from './frame-codec.js';
import type { FrameMap } from './segment.js';

export interface TailOptions {
  readonly databaseId: DatabaseId;
  readonly epoch: number;
  readonly afterSequence: number;
  /** A predecessor below it counts as confirmed. */
  readonly floor: number;
}

/** A frame that may be part of a tail; without a payload when that is damaged. */
type Candidate = PlacedHeader & { readonly payload?: Uint8Array };

/**
 * What counts of one database in the segments and rollups that may hold it (S4).
 *
 * Damage is never taken for the end (L3). A frame whose payload alone is damaged still links its chain, and stops the
 * database only if its content is needed: what a head contains already, or what never counted, is nobody's matter.
 *
 * @throws CorruptBytesError, BrokenTailError
 */
export function databaseTail(objects: readonly FrameMap[], options: TailOptions): readonly Frame[] {
  const { databaseId, epoch, afterSequence, floor } = options;
  const placed: PlacedFrame<Candidate>[] = [];
  const place = (frame: Candidate): void => {
    if (frame.databaseId === databaseId && frame.epoch === epoch) placed.push({ segment: frame.segment, frame });
  };
  for (const { intact, damage } of objects) {
    for (const { databaseId: owner, header } of damage) {
      if (owner !== undefined && owner !== databaseId) continue;
      if (header === undefined) throw new CorruptBytesError('damaged frame in the log');
      place(header);
    }
    for (const { header, payload } of intact) place({ ...header, payload });
  }
  return durableTail(placed, floor, afterSequence).map(({ segment, payload, ...header }) => {
    if (payload !== undefined) return { ...header, payload };
    throw damagedCommits({ segment, ...header });
  });
}

export function damagedCommits(frame: PlacedHeader): CorruptBytesError {
  const { firstSequence, lastSequence, segment } = frame;
  return new CorruptBytesError(`damaged commits from ${firstSequence} to ${lastSequence}, log segment ${segment}`);
}
