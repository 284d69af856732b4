import type { Version } from '@leasehold/foundation';

import type { Entry, RangeDelete } from '../entry.js';

/** What a source has of one commit. */
export interface CollectedCommit {
  readonly version: Version;
  readonly entries: Entry[];
  readonly rangeDeletes: RangeDelete[];
}

export interface CollectorBounds {
  /** Sequences, both inclusive: others are passed over. */
  readonly from: number;
  readonly through: number;
  readonly maxCommits: number;
  readonly maxBytes: number;
  /** One commit fits, whatever its size: for the first source of a page, which would never go on otherwise. */
  readonly holdsOne: boolean;
}

/** What a commit weighs beside its keys and values. */
const COMMIT_BYTES = 64;

/**
 * The first commits of a source whose entries come in the order of keys: one pass, and never more in memory than the page and one commit. What
 * does not fit is given up from the end, whole commits at a time.
 */
export class ChangeCollector {
  private readonly commits = new Map<number, CollectedCommit & { bytes: number }>();
  /** Sequences in `commits`, ascending. */
  private readonly sequences: number[] = [];
  /** The first sequence that has been given up. */
  private limit: number;
  private bytes = 0;

  constructor(private readonly bounds: CollectorBounds) {
    this.limit = bounds.through + 1;
  }

  /** All commits up to here are in {@link page}. */
  get through(): number {
    return this.limit - 1;
  }

  get isCutShort(): boolean {
    return this.limit <= this.bounds.through;
  }

  get sizeBytes(): number {
    return this.bytes;
  }

  addEntry(entry: Entry): void {
    this.commitOf(entry.version, entry.key.byteLength + entry.value.byteLength)?.entries.push(entry);
    this.shrink();
  }

  addRangeDelete(rangeDelete: RangeDelete): void {
    const bytes = rangeDelete.start.byteLength + (rangeDelete.end?.byteLength ?? 0);
    this.commitOf(rangeDelete.version, bytes)?.rangeDeletes.push(rangeDelete);
    this.shrink();
  }

  /** By ascending sequence. */
  page(): readonly CollectedCommit[] {
    return this.sequences.map((sequence) => this.commits.get(sequence) as CollectedCommit);
  }

  private commitOf(version: Version, bytes: number): CollectedCommit | undefined {
    const { sequence } = version;
    if (sequence < this.bounds.from || sequence >= this.limit) return undefined;
    let commit = this.commits.get(sequence);
    if (commit === undefined) {
      commit = { version, entries: [], rangeDeletes: [], bytes: COMMIT_BYTES };
      this.commits.set(sequence, commit);
      this.sequences.splice(this.placeOf(sequence), 0, sequence);
      this.bytes += COMMIT_BYTES;
    }
    commit.bytes += bytes;
    this.bytes += bytes;
    return commit;
  }

  private shrink(): void {
    const { maxCommits, maxBytes, holdsOne } = this.bounds;
    const least = holdsOne ? 1 : 0;
    while (this.sequences.length > least && (this.sequences.length > maxCommits || this.bytes > maxBytes)) {
      const last = this.sequences.pop() as number;
      this.bytes -= (this.commits.get(last) as { bytes: number }).bytes;
      this.commits.delete(last);
      this.limit = last;
    }
  }

  private placeOf(sequence: number): number {
    let low = 0;
    let high = this.sequences.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sequences[middle] as number) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
