import { LeaseholdError } from '@leasehold/foundation';

import type { FrameHeader } from './frame.js';

/** The tail does not continue the head's commit: durable commits are missing in between. Stop and page someone. */
export class BrokenTailError extends LeaseholdError {
  override readonly name = 'BrokenTailError';

  constructor(message: string) {
    super('corrupt', 'broken-tail', message);
  }
}

export interface PlacedFrame<F extends FrameHeader> {
  readonly segment: number;
  readonly frame: F;
}

/**
 * Which frames of one database and one epoch count at recovery (S4), in the order of their segments.
 *
 * A frame counts when its chain is unbroken: it is the first of its epoch, or its predecessor lies below the floor
 * (and was confirmed before the floor could pass it, S6), or its predecessor counts. A frame with a broken chain was
 * never acknowledged, nor was anything after it. All frames of a rollup lie below the floor, and so do their predecessors.
 *
 * @param frames in any order
 * @throws BrokenTailError for a chain that no log can have written
 */
export function countingFrames<F extends FrameHeader>(
  frames: readonly PlacedFrame<F>[],
  floor: number,
): readonly PlacedFrame<F>[] {
  const ordered = [...frames].sort((a, b) => a.segment - b.segment || a.frame.firstSequence - b.frame.firstSequence);
  const counted = new Set<number>();
  return ordered.filter(({ segment, frame: { previousSegment } }) => {
    if (previousSegment >= segment)
      throw new BrokenTailError(`frame names a predecessor after itself, segment ${segment}`);
    if (previousSegment !== 0 && previousSegment >= floor && !counted.has(previousSegment)) return false;
    counted.add(segment);
    return true;
  });
}

/**
 * The frames that count ({@link countingFrames}) and that a head with the commit `afterSequence` does not contain.
 *
 * Frames that end at or below `afterSequence` are left out, as are repetitions. The first frame may begin at or below
 * `afterSequence`: the caller drops the commits that it has.
 *
 * @throws BrokenTailError when what counts does not continue `afterSequence` without a gap
 */
export function durableTail<F extends FrameHeader>(
  frames: readonly PlacedFrame<F>[],
  floor: number,
  afterSequence: number,
): readonly F[] {
  const tail: F[] = [];
  let last = afterSequence;
  for (const { segment, frame } of countingFrames(frames, floor)) {
    if (frame.lastSequence <= last) continue;
    const overlaps = frame.firstSequence <= last;
    if (frame.firstSequence > last + 1) {
      throw new BrokenTailError(`tail goes on at ${frame.firstSequence} after ${last}, segment ${segment}`);
    }
    if (overlaps && tail.length > 0)
      throw new BrokenTailError(`frames overlap at ${frame.firstSequence}, segment ${segment}`);
    tail.push(frame);
    last = frame.lastSequence;
  }
  return tail;
}
