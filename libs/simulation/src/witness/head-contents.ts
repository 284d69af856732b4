import type { Commit, Entry, Head, RangeDelete, SstRef } from '@leasehold/engine';
import { rangeContains } from '@leasehold/engine';

import { bytesOf, textOf } from '../workload/translation.js';

/** Entries by key, as text. */
export type EntriesByKey = ReadonlyMap<string, readonly Entry[]>;

export function entriesByKey(entries: Iterable<Entry>): EntriesByKey {
  const byKey = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = textOf(entry.key);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, [entry]);
    else known.push(entry);
  }
  return byKey;
}

interface Source {
  readonly entries: EntriesByKey;
  /** Only reads of commits before this one look here. */
  readonly before: number;
}

/**
 * What reads find in a head and its files, and in commits on top of them: the newest entry of a key up to a commit, unless that is a delete
 * or a range delete between the two hides it.
 */
export class HeadContents {
  readonly rangeDeletes: readonly RangeDelete[];
  private readonly sources: readonly Source[];

  constructor(head: Head, fileOf: (ref: SstRef) => EntriesByKey, commits: readonly Commit[] = []) {
    const always = (entries: EntriesByKey): Source => ({ entries, before: Number.POSITIVE_INFINITY });
    this.rangeDeletes = [...head.rangeDeletes, ...commits.flatMap((commit) => commit.rangeDeletes)];
    this.sources = [
      always(entriesByKey(commits.flatMap(({ entries }) => entries))),
      always(entriesByKey(head.inline)),
      ...[...head.l0, ...head.l1].map((ref) => always(fileOf(ref))),
      // Whatever was the newest of its key when the file was made stayed inline.
      ...head.history
        .filter(({ role }) => role === 'versions')
        .map(({ ref }) => ({ entries: fileOf(ref), before: ref.coversThrough })),
    ];
  }

  /** Of one key, as reads find it. */
  of(key: string): KeyContents {
    const found: Found[] = [];
    for (const { entries, before } of this.sources) {
      for (const entry of entries.get(key) ?? []) found.push({ entry, before });
    }
    const bytes = this.rangeDeletes.length > 0 ? bytesOf(key) : undefined;
    const hiding = bytes && this.rangeDeletes.filter((range) => rangeContains(range, bytes));
    return new KeyContents(found, hiding?.map(({ version }) => version.sequence) ?? []);
  }

  *keysIn(range: RangeDelete): Generator<string> {
    for (const { entries } of this.sources) {
      for (const key of entries.keys()) if (rangeContains(range, bytesOf(key))) yield key;
    }
  }
}

interface Found {
  readonly entry: Entry;
  readonly before: number;
}

export class KeyContents {
  constructor(
    private readonly found: readonly Found[],
    /** Commits whose range deletes reach over the key. */
    private readonly hiding: readonly number[],
  ) {}

  /** What a read at this commit finds; undefined: nothing. Whether it has expired is for the reader's clock. */
  at(through: number): Entry | undefined {
    let newest: Entry | undefined;
    for (const { entry, before } of this.found) {
      const { sequence } = entry.version;
      if (through >= before || sequence > through) continue;
      if (newest === undefined || sequence > newest.version.sequence) newest = entry;
    }
    if (newest === undefined || newest.kind === 'delete') return undefined;
    const { sequence } = newest.version;
    return this.hiding.some((hidden) => hidden > sequence && hidden <= through) ? undefined : newest;
  }

  /** Commits after `from` at which what a read finds may change. */
  changes(from: number): readonly number[] {
    const points = [...this.hiding];
    for (const { entry, before } of this.found) {
      points.push(entry.version.sequence);
      if (before < Number.POSITIVE_INFINITY) points.push(before);
    }
    return points.filter((point) => point > from);
  }
}
