import type { Call } from '../../history/history.js';
import type { Instant } from '../model/presence.js';
import type { Replay } from '../model/replay.js';
import type { Timeline } from './timeline.js';

/**
 * When things were decided, as the clock of whoever decided may have said: owners judge expiries by clocks of their own, which differ
 * from true time by up to the skew, and never go below the time of the last commit.
 */
export class Instants {
  constructor(
    private readonly replay: Replay,
    private readonly timeline: Timeline,
    private readonly clockSkewMs: number,
  ) {}

  /** An answer that was given from the version of this sequence as the present one. */
  ofAnswer({ begunMs, endedMs }: Call, sequence: number): Instant {
    return this.instant(begunMs, endedMs, this.committedAtLeast(sequence));
  }

  /** An answer about a version of the past, which is judged by the clock alone. */
  ofPast({ begunMs, endedMs }: Call): Instant {
    return this.instant(begunMs, endedMs, -Infinity);
  }

  /** The commit of this sequence. @param call that asked for it, where that is known */
  ofCommit(sequence: number, call?: Call): Instant {
    const begunMs = Math.max(call?.begunMs ?? -Infinity, this.timeline.notBeforeMs(sequence));
    return this.instant(begunMs, this.timeline.notAfterMs(sequence), this.committedAtLeast(sequence));
  }

  /** The latest time that any clock may give to the commit of this sequence. */
  latestOf(sequence: number): number {
    return this.timeline.notAfterMs(sequence) + this.clockSkewMs;
  }

  private instant(begunMs: number, endedMs: number, committedAt: number): Instant {
    const earliestMs = Math.max(begunMs - this.clockSkewMs, committedAt);
    return { earliestMs, latestMs: Math.max(endedMs + this.clockSkewMs, earliestMs) };
  }

  /** Feeds round the times of commits down. */
  private committedAtLeast(sequence: number): number {
    return this.replay.commitAt(sequence)?.committedAt ?? -Infinity;
  }
}
