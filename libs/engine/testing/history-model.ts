import type { Random } from '@leasehold/foundation';
import { utf8 } from '@leasehold/foundation';

import type { Commit, Entry, RangeDelete } from '../src/entry.js';
import { commitOf, deleteEntry, NEVER, putEntry } from '../src/entry.js';
import { text } from './engine-world.js';

/** Few enough to meet again and again. */
const KEYS = 24;

/** Every commit of a database, kept for ever: what reads of any time and feeds from any time must show. */
export class HistoryModel {
  readonly commits: Commit[] = [];

  constructor(private readonly random: Random) {}

  pick(count: number): number {
    return Math.floor(this.random.fraction() * count);
  }

  get sequence(): number {
    return this.commits.length;
  }

  /** One that puts, deletes, expires and deletes ranges. */
  commit(at: number): Commit {
    const version = { epoch: 1, sequence: this.sequence + 1 };
    const entries = new Map<string, Entry>();
    for (let i = this.pick(4); i >= 0; i--) {
      const key = this.key();
      const draw = this.random.fraction();
      const value = utf8(`${key}@${version.sequence}`.repeat(1 + this.pick(5)));
      const expiresAt = draw < 0.2 ? at + this.pick(6 * 60 * 60 * 1000) : NEVER;
      entries.set(key, draw > 0.75 ? deleteEntry(utf8(key), version) : putEntry(utf8(key), version, value, expiresAt));
    }
    const rangeDeletes: RangeDelete[] = [];
    if (this.random.fraction() < 0.12) {
      const from = this.pick(KEYS);
      const end = this.random.fraction() < 0.1 ? undefined : utf8(keyName(from + 1 + this.pick(6)));
      rangeDeletes.push({ start: utf8(keyName(from)), end, version });
    }
    const commit = commitOf(version, [...entries.values()], {
      committedAt: Math.max(at, this.commits.at(-1)?.committedAt ?? 0),
      rangeDeletes,
      usage: { commits: version.sequence, writeUnits: version.sequence, writtenBytes: 10 * version.sequence },
    });
    this.commits.push(commit);
    return commit;
  }

  /** `key=value` of what lives, in order. @param now wall ms, for expiry */
  stateAt(sequence: number, now: number): string[] {
    const live = new Map<string, Entry>();
    for (const { entries, rangeDeletes } of this.commits.slice(0, sequence)) {
      for (const { start, end } of rangeDeletes)
        for (const [key, { key: bytes }] of live)
          if (Buffer.compare(bytes, start) >= 0 && (end === undefined || Buffer.compare(bytes, end) < 0))
            live.delete(key);
      for (const entry of entries) live.set(text(entry.key), entry);
    }
    return [...live.values()]
      .filter((entry) => entry.kind === 'put' && entry.expiresAt > now)
      .map((entry) => `${text(entry.key)}=${text(entry.value)}`)
      .sort();
  }

  /** What a feed must show of the commits after a sequence. */
  changesSince(sequence: number): string[] {
    return this.commits.slice(sequence).map(describeCommit).filter(Boolean);
  }

  /** The last commit at or before a time. */
  lastBy(at: number): number {
    return this.commits.filter(({ committedAt }) => committedAt <= at).length;
  }

  private key(): string {
    return keyName(this.pick(KEYS));
  }
}

/** Empty for a commit without effects. */
export function describeCommit({ version, entries, rangeDeletes }: Commit): string {
  const effects = [
    ...entries.map(({ key, kind, value, expiresAt }) => `${text(key)}:${kind}:${text(value)}:${expiresAt}`).sort(),
    ...rangeDeletes.map(({ start, end }) => `${text(start)}-${end === undefined ? '' : text(end)}`),
  ];
  return effects.length === 0 ? '' : `${version.sequence} ${effects.join(' ')}`;
}

function keyName(key: number): string {
  return `k${String(key).padStart(2, '0')}`;
}
