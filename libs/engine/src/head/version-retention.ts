import type { Entry, RangeDelete } from '../entry.js';
import type { TimeMark } from '../format/head.js';
import { RangeDeleteSweep } from './range-delete-sweep.js';
import type { RetentionPoint } from './timeline.js';
import { sequenceSince } from './timeline.js';

/**
 * One key cannot fill a file with its past: beyond so many bytes of versions retention gives way and the oldest go. A merge holds the
 * versions of one key in memory, and they are never cut into two files.
 */
export const KEY_VERSIONS_BYTES = 16 * 1024 * 1024;

export interface RetentionRules {
  readonly point: RetentionPoint;
  readonly timeline: readonly TimeMark[];
  readonly rangeDeletes: readonly RangeDelete[];
  /** Whether something older of the key may lie in a file that is not part of the pass: then what hides it has to stay. */
  readonly mayLieBelow: (key: Uint8Array) => boolean;
}

/**
 * Decides which versions of a key stay, in a pass over keys in order. A version stays if it is above the retention point, or the newest
 * at or below it. The newest at or below goes too when a range delete at or below the point hides it, and, where nothing lies below,
 * when it is a delete or expired before the point.
 *
 * Whatever goes raises {@link horizon} to the commit that hid it (C1), which is at or below the point: feeds and reads of the past inside the
 * retention window lose nothing. (Except for {@link KEY_VERSIONS_BYTES}.)
 */
export class VersionRetention {
  /** The highest sequence that hid something that went; 0 while nothing has. */
  horizon = 0;
  dropped = 0;
  private readonly sweep: RangeDeleteSweep;

  constructor(private readonly rules: RetentionRules) {
    this.sweep = new RangeDeleteSweep(rules.rangeDeletes);
  }

  /** How many of the versions of one key stay: the first so many. @param versions newest first, each once, at least one */
  keep(versions: readonly Entry[]): number {
    const newest = versions[0] as Entry;
    const hiders = this.sweep.at(newest.key);
    const { point } = this.rules;
    // Nearly every key of a merge: one version, alive.
    if (versions.length === 1 && newest.kind === 'put' && hiders.length === 0 && newest.expiresAt > point.at) return 1;
    const kept = this.keepByRoom(versions, this.keepByTime(versions, hiders));
    this.dropped += versions.length - kept;
    return kept;
  }

  private keepByTime(versions: readonly Entry[], hiders: readonly number[]): number {
    const { point } = this.rules;
    let base = 0;
    while (base < versions.length && sequenceOf(versions, base) > point.sequence) base++;
    const entry = versions[base];
    if (entry === undefined) return base;
    const { sequence } = entry.version;
    // Ascending: the first above the entry is the one that hid it first.
    const hider = hiders.find((hidden) => hidden > sequence);
    if (hider !== undefined && hider <= point.sequence) {
      this.raise(hider);
      return base;
    }
    const isGone = entry.kind === 'delete' || entry.expiresAt <= point.at;
    if (isGone && !this.rules.mayLieBelow(entry.key)) {
      this.raise(entry.kind === 'delete' ? sequence : Math.max(sequence, this.afterExpiry(entry)));
      return base;
    }
    const older = versions[base + 1];
    if (older !== undefined) {
      const hiddenBy = hiders.find((hidden) => hidden > older.version.sequence) ?? sequence;
      this.raise(Math.min(hiddenBy, sequence));
    }
    return base + 1;
  }

  private keepByRoom(versions: readonly Entry[], kept: number): number {
    let bytes = 0;
    for (let i = 0; i < kept; i++) {
      const { key, value } = versions[i] as Entry;
      bytes += key.byteLength + value.byteLength;
      if (i > 0 && bytes > KEY_VERSIONS_BYTES) {
        this.raise(sequenceOf(versions, i - 1));
        return i;
      }
    }
    return kept;
  }

  /** The first commit that is known to be later than the expiry: whoever reads at it or after sees the key gone. */
  private afterExpiry({ expiresAt }: Entry): number {
    const { point, timeline } = this.rules;
    return Math.min(sequenceSince(timeline, expiresAt) ?? point.sequence, point.sequence);
  }

  private raise(sequence: number): void {
    if (sequence > this.horizon) this.horizon = sequence;
  }
}

function sequenceOf(versions: readonly Entry[], place: number): number {
  return (versions[place] as Entry).version.sequence;
}
