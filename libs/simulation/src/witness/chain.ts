import type { DatabaseId } from '@leasehold/foundation';

/** One frame as it landed in a segment. */
export interface LandedFrame {
  readonly databaseId: DatabaseId;
  readonly segment: number;
  readonly epoch: number;
  readonly previousSegment: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Of the payload. */
  readonly checksum: number;
}

/**
 * The frames of one database at one epoch in one session's log, and which of them count at recovery (S4): the first of its epoch, one whose
 * predecessor lies below the floor, and one whose predecessor counts. What counts once counts for ever, for floors rise and frames
 * stay.
 */
export class Chain {
  /** In the order of their segments, then as they were written. */
  readonly frames: LandedFrame[] = [];
  private readonly counted = new Set<number>();
  private open: LandedFrame[] = [];
  private last = 0;

  add(frame: LandedFrame): void {
    let at = this.frames.length;
    while (at > 0 && (this.frames[at - 1] as LandedFrame).segment > frame.segment) at--;
    this.frames.splice(at, 0, frame);
    this.open.push(frame);
  }

  /** The last sequence of what counts; 0 when nothing does. */
  durableThrough(floor: number): number {
    let found = true;
    // Each turn but the last finds one that counts.
    while (found && this.open.length > 0) {
      found = false;
      this.open = this.open.filter((frame) => {
        if (!this.counts(frame, floor)) return true;
        this.counted.add(frame.segment);
        this.last = Math.max(this.last, frame.lastSequence);
        found = true;
        return false;
      });
    }
    return this.last;
  }

  /** The last sequence of what has landed; 0 when nothing has. */
  get landedThrough(): number {
    return this.frames.reduce((last, { lastSequence }) => Math.max(last, lastSequence), 0);
  }

  /** The neighbours of a segment's frames among those that have landed. */
  around(segment: number): { readonly before: LandedFrame | undefined; readonly after: LandedFrame | undefined } {
    let before: LandedFrame | undefined;
    for (const frame of this.frames) {
      if (frame.segment > segment) return { before, after: frame };
      if (frame.segment < segment) before = frame;
    }
    return { before, after: undefined };
  }

  private counts({ previousSegment }: LandedFrame, floor: number): boolean {
    return previousSegment === 0 || previousSegment < floor || this.counted.has(previousSegment);
  }
}
