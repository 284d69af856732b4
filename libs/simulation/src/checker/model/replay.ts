import type { CommitText, RangeText, VersionText } from '../../history/history.js';
import { rangeHolds, rangesMeet } from './range.js';

/** What a key has, expired or not. */
export interface Held {
  readonly value: string;
  readonly version: VersionText;
  /** Infinity: never. */
  readonly expiresAt: number;
}

interface Change {
  readonly sequence: number;
  /** Undefined: the commit deleted it. */
  readonly held: Held | undefined;
}

/** Every state that commits led to, by their sequence; 0 is the empty database. */
export class Replay {
  private readonly changes = new Map<string, Change[]>();
  private readonly commits = new Map<number, CommitText>();
  private readonly rangeDeletes: { readonly sequence: number; readonly range: RangeText }[] = [];
  private readonly keys: readonly string[];
  /** Sequence of the last commit. */
  readonly last: number;

  /** @param commits by ascending sequence */
  constructor(commits: readonly CommitText[]) {
    let last = 0;
    for (const commit of commits) {
      const { sequence } = commit.version;
      last = Math.max(last, sequence);
      this.commits.set(sequence, commit);
      this.apply(commit);
    }
    this.last = last;
    this.keys = [...this.changes.keys()].sort();
  }

  commitAt(sequence: number): CommitText | undefined {
    return this.commits.get(sequence);
  }

  /** What the key has after the commit of this sequence. */
  heldAt(key: string, sequence: number): Held | undefined {
    const changes = this.changes.get(key);
    return changes?.[placeAfter(changes, sequence) - 1]?.held;
  }

  /** Sequence of the first commit after `sequence` that put or deleted the key; Infinity when none did. */
  nextChangeOf(key: string, sequence: number): number {
    const changes = this.changes.get(key);
    return changes?.[placeAfter(changes, sequence)]?.sequence ?? Infinity;
  }

  /** Keys of the range that were ever put or deleted by name, in order. */
  keysIn(range: RangeText): readonly string[] {
    return this.keys.filter((key) => rangeHolds(range, key));
  }

  /** Whether a commit after `since`, up to `through`, put or deleted anything in the range, or cleared a part of it. */
  isTouched(range: RangeText, since: number, through: number): boolean {
    if (since >= through) return false;
    const cleared = this.rangeDeletes.some(
      (cleared) => cleared.sequence > since && cleared.sequence <= through && rangesMeet(cleared.range, range),
    );
    return cleared || this.keysIn(range).some((key) => this.nextChangeOf(key, since) <= through);
  }

  private apply({ version, entries, rangeDeletes }: CommitText): void {
    const { sequence } = version;
    for (const range of rangeDeletes) {
      this.rangeDeletes.push({ sequence, range });
      for (const [key, changes] of this.changes) {
        if (changes.at(-1)?.held !== undefined && rangeHolds(range, key)) changes.push({ sequence, held: undefined });
      }
    }
    for (const { key, kind, value, expiresAt } of entries) {
      const changes = this.changes.get(key) ?? [];
      this.changes.set(key, changes);
      // A commit's own puts stand above its range deletes.
      if (changes.at(-1)?.sequence === sequence) changes.pop();
      changes.push({ sequence, held: kind === 'put' ? { value, version, expiresAt } : undefined });
    }
  }
}

/** How many of the changes have this sequence or a lower one. */
function placeAfter(changes: readonly Change[], sequence: number): number {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((changes[middle] as Change).sequence <= sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}
