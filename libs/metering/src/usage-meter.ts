import type { DatabaseId } from '@leasehold/foundation';

import {
  hourOf,
  type DatabaseUsage,
  type ReadUsage,
  type SizeMark,
  type WriteCounter,
  type WriteInterval,
} from './usage-record.js';

/** What reads came to. */
export type ReadQuantities = Omit<ReadUsage, 'hour' | 'key'>;

type Tally = { -readonly [name in keyof ReadUsage]: ReadUsage[name] };

interface Metered {
  /** Ascending, each going on where the one before ended or behind it. */
  readonly writes: WriteInterval[];
  /** By hour and key. */
  readonly reads: Map<string, Tally>;
  /** The one of these that was told last: most databases are read by one key. */
  latest: Tally | undefined;
  size: SizeMark | undefined;
}

/** Databases that are remembered until they are taken. Beyond, what is told of further ones is lost, and {@link UsageMeter.lost} counts it. */
const MAX_DATABASES = 200_000;
/** Hours and keys of one database, the same. */
const MAX_READS = 10_000;
/** Commits that are told out of line begin another interval; past so many of one database the rest is a gap until it is told again. */
const MAX_WRITES = 1_000;

/** Adds up what a session does between two records. Told only of what is durable. Knows no time of its own. */
export class UsageMeter {
  /** Tellings that were dropped for want of room. Reads among them are not billed; writes are told again by whoever opens the database next. */
  lost = 0;
  private metered = new Map<DatabaseId, Metered>();

  get isEmpty(): boolean {
    return this.metered.size === 0;
  }

  /**
   * The commits after `from` up to `to` are durable. Those of one database are told in their order.
   * @param committedAt of the last of them; all are of one hour
   */
  wrote(database: DatabaseId, committedAt: number, from: WriteCounter, to: WriteCounter): void {
    const writes = this.of(database)?.writes;
    if (writes === undefined) return;
    const hour = hourOf(committedAt);
    const last = writes.at(-1);
    if (last?.hour === hour && last.to.commits === from.commits) writes[writes.length - 1] = { ...last, to };
    else if (writes.length < MAX_WRITES) writes.push({ hour, from, to });
    else this.lost++;
  }

  /** @param key the API key that asked; null: a person's token did */
  read(database: DatabaseId, at: number, key: string | null, more: ReadQuantities): void {
    const metered = this.of(database);
    if (metered === undefined) return;
    const hour = hourOf(at);
    const { latest } = metered;
    const tally = latest?.hour === hour && latest.key === key ? latest : this.tallyOf(metered, hour, key);
    if (tally === undefined) return;
    tally.requests += more.requests;
    tally.readUnits += more.readUnits;
    tally.egressBytes += more.egressBytes;
  }

  /** From now on it takes so many bytes. Between two records the last telling holds. */
  sized(database: DatabaseId, at: number, bytes: number): void {
    const metered = this.of(database);
    if (metered !== undefined) metered.size = { at, bytes };
  }

  /** What was told since the last time, as a record has it; from here on everything begins anew. */
  take(): readonly DatabaseUsage[] {
    const taken = [...this.metered];
    this.metered = new Map();
    return taken
      .map(([database, { writes, reads, size }]) => ({
        database,
        writes,
        reads: [...reads.values()],
        sizes: size === undefined ? [] : [size],
      }))
      .sort((a, b) => (a.database < b.database ? -1 : 1));
  }

  private tallyOf(metered: Metered, hour: number, key: string | null): Tally | undefined {
    const { reads } = metered;
    const place = `${hour} ${key ?? ''}`;
    let tally = reads.get(place);
    if (tally === undefined) {
      if (reads.size >= MAX_READS) {
        this.lost++;
        return undefined;
      }
      tally = { hour, key, requests: 0, readUnits: 0, egressBytes: 0 };
      reads.set(place, tally);
    }
    metered.latest = tally;
    return tally;
  }

  private of(database: DatabaseId): Metered | undefined {
    const known = this.metered.get(database);
    if (known !== undefined) return known;
    if (this.metered.size >= MAX_DATABASES) {
      this.lost++;
      return undefined;
    }
    const metered: Metered = { writes: [], reads: new Map(), latest: undefined, size: undefined };
    this.metered.set(database, metered);
    return metered;
  }
}
