import type { Version } from '@leasehold/foundation';
import { toHex } from '@leasehold/foundation';

import type { Entry, KeyRange, RangeDelete } from '../entry.js';
import { compareEntries, compareKeys, NEVER } from '../entry.js';
import type { Head } from '../format/head.js';
import type { Memtable } from '../memtable/memtable.js';
import type { SstReader, SstSource } from '../sst/sst-reader.js';
import { SCAN_FETCH } from '../sst/sst-cursor.js';
import { HeadFiles } from './head-files.js';
import { HistoryGoneError } from './history-gone-error.js';
import { inlineEntries } from './inline-run.js';
import type { Lookup } from './lookup.js';

/** Why a range is not what it was. */
export type RangeChange =
  /** A commit put or deleted there (one of them, if there were several). */
  | { readonly kind: 'commit'; readonly version: Version }
  /** Puts that have expired and that nothing has replaced; at most {@link EXPIRED_KEYS} of them, in order. */
  | { readonly kind: 'expiry'; readonly keys: readonly Uint8Array[] };

/** The owner turns the keys into deletes of one commit; if there are more, the next check finds them. */
export const EXPIRED_KEYS = 256;

interface Source {
  readonly memtables: readonly Memtable[];
  readonly head: Head | undefined;
  readonly files: SstSource;
  /** Wall ms. */
  readonly now: number;
  /** Sequence of the last visible commit. */
  readonly through: number;
  readonly lookup: (key: Uint8Array) => Lookup | Promise<Lookup>;
}

/** So many candidates are held at once before they are looked up. */
const EXPIRED_CANDIDATES = 4 * EXPIRED_KEYS;

/** Each holds up to one fetch in memory. */
const FILES_AT_ONCE = 8;

/** See View.firstChange. Looks into memory first, then into those files of the range that have newer commits or expiring puts. */
export async function firstChangeOf(range: KeyRange, since: number, source: Source): Promise<RangeChange | undefined> {
  const { memtables, head, files, through } = source;
  if (head !== undefined && since < head.horizon) throw new HistoryGoneError(since, head.horizon);
  if (range.start !== undefined && range.end !== undefined && compareKeys(range.start, range.end) >= 0)
    return undefined;
  const pass = new Pass(since, through, source.now, expiredBefore(source, since));
  for (const memtable of memtables) {
    if (pass.sawRangeDelete(memtable.rangeDeletes, range)) return pass.change;
    for (const entry of memtable.entries(range)) if (pass.saw(entry)) return pass.change;
  }
  if (head === undefined) return confirmExpiry(pass.expired, source);
  if (pass.sawRangeDelete(head.rangeDeletes, range)) return pass.change;
  for (const entry of inlineEntries(head.inline, range, false)) if (pass.saw(entry)) return pass.change;
  if (head.l0.length === 0 && head.l1.length === 0) return confirmExpiry(pass.expired, source);
  const readers = HeadFiles.of(head, files)
    .readersIn(range)
    .filter(({ ref }) => ref.maxSequence > since || ref.expiring > 0);
  return (await changeInFiles(pass, readers, range, source)) ?? confirmExpiry(pass.expired, source);
}

/** What one pass over the entries of a range has met, in any order. */
class Pass {
  change: RangeChange | undefined;
  /** The newest met of each key, by its hexadecimal. */
  readonly expired = new Map<string, Entry>();

  constructor(
    private readonly since: number,
    private readonly through: number,
    private readonly now: number,
    private readonly expiredBefore: number,
  ) {}

  /** True when the answer is known. */
  saw(entry: Entry): boolean {
    const { key, version, expiresAt } = entry;
    if (version.sequence > this.through) return false;
    if (version.sequence > this.since) {
      this.change = { kind: 'commit', version };
      return true;
    }
    if (expiresAt === NEVER || expiresAt > this.now || expiresAt <= this.expiredBefore) return false;
    const name = toHex(key);
    const present = this.expired.get(name);
    if (present === undefined || present.version.sequence < version.sequence) this.expired.set(name, entry);
    return false;
  }

  sawRangeDelete(list: readonly RangeDelete[], range: KeyRange): boolean {
    for (const rangeDelete of list) {
      const { sequence } = rangeDelete.version;
      if (sequence <= this.since || sequence > this.through || !overlap(rangeDelete, range)) continue;
      this.change = { kind: 'commit', version: rangeDelete.version };
      return true;
    }
    return false;
  }
}

/** First fetches of a batch go out together; then file by file, as one change is enough. */
async function changeInFiles(
  pass: Pass,
  readers: readonly SstReader[],
  range: KeyRange,
  source: Source,
): Promise<RangeChange | undefined> {
  for (let from = 0; from < readers.length; from += FILES_AT_ONCE) {
    const batch = readers
      .slice(from, from + FILES_AT_ONCE)
      .map((reader) => reader.cursor(range, { reverse: false, ...SCAN_FETCH }));
    await Promise.all(batch.map(async (cursor) => cursor.start()));
    for (const cursor of batch) {
      for (let { entry } = cursor; entry !== undefined; { entry } = cursor) {
        if (pass.saw(entry)) return pass.change;
        if (pass.expired.size >= EXPIRED_CANDIDATES) {
          const expiry = await confirmExpiry(pass.expired, source);
          if (expiry !== undefined) return expiry;
          pass.expired.clear();
        }
        const pending = cursor.advance();
        if (pending !== undefined) await pending;
      }
    }
  }
  return undefined;
}

/** Those that are the newest of their key, by a lookup: a later version may lie in a file that had no reason to be read. */
async function confirmExpiry(candidates: ReadonlyMap<string, Entry>, source: Source): Promise<RangeChange | undefined> {
  const keys: Uint8Array[] = [];
  for (const candidate of [...candidates.values()].sort(compareEntries)) {
    if (keys.length === EXPIRED_KEYS) break;
    const found = source.lookup(candidate.key);
    const { entry, version } = found instanceof Promise ? await found : found;
    if (entry === undefined && version?.sequence === candidate.version.sequence) keys.push(candidate.key);
  }
  return keys.length === 0 ? undefined : { kind: 'expiry', keys };
}

/** A wall time (ms) not after any read of the version of sequence `since`: what had expired by then was absent from those reads too. */
function expiredBefore({ memtables, head }: Source, since: number): number {
  let at = 0;
  for (const { lastVersion, lastCommittedAt } of memtables)
    if (lastVersion.sequence <= since) at = Math.max(at, lastCommittedAt);
  if (head === undefined) return at;
  if (head.lastCommit.sequence <= since) at = Math.max(at, head.lastCommittedAt);
  for (const mark of head.timeline) if (mark.sequence <= since) at = Math.max(at, mark.at);
  return at;
}

function overlap(rangeDelete: RangeDelete, { start, end }: KeyRange): boolean {
  return (
    (end === undefined || compareKeys(rangeDelete.start, end) < 0) &&
    (start === undefined || rangeDelete.end === undefined || compareKeys(start, rangeDelete.end) < 0)
  );
}
