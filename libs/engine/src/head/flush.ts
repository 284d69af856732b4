import type { Entry } from '../entry.js';
import { compareKeys } from '../entry.js';
import { entryBytes } from '../format/entry-codec.js';
import type { Head } from '../format/head.js';
import type { SstRef } from '../format/sst-ref.js';
import { INLINE_LIMIT_BYTES } from '../limits.js';
import { LoneCommit } from '../memtable/lone-commit.js';
import type { Memtable } from '../memtable/memtable.js';
import { settledEntry } from '../memtable/own-bytes.js';
import type { WriteSst } from './flush-files.js';
import { trimHistory, withHistory } from './history-files.js';
import { extendIdempotency } from './idempotency-records.js';
import { mergeRuns } from './merge-runs.js';
import { statisticsOf } from './new-head.js';
import { pointUnderPressure, pruneRangeDeletes } from './range-delete-list.js';
import type { RetentionPoint } from './timeline.js';
import { extendTimeline, retentionPoint } from './timeline.js';
import { extendUsage } from './usage-marks.js';
import { VersionRetention } from './version-retention.js';

export interface FlushSettings {
  /** Encoded entries that the inline run may hold. */
  readonly inlineLimitBytes: number;
}

export const FLUSH_SETTINGS: FlushSettings = { inlineLimitBytes: INLINE_LIMIT_BYTES };

/**
 * The head with the memtable's commits in it. Inline run and memtable together become, as far as retention keeps their versions,
 *
 * - the new inline run, while that stays within its limit;
 * - else, if the newest version of each key alone fits: a file of history with all of it, and those newest versions inline;
 * - else a new L0 file, and an empty inline run.
 *
 * What the retention window has passed is dropped from inline run, history and the list of range deletes, and raises the horizon (C1).
 * Nothing is durable before the returned head is swapped in; every other field (epoch, owner, …) is the caller's to set on it.
 *
 * The memtable may hold durable commits only (H5). Commits that the head contains already (a replayed log) are passed over.
 * @param now wall ms, for the retention window only; the time of the last commit unless given
 */
export async function flushInto(
  head: Head,
  memtable: Memtable,
  settings: FlushSettings,
  writeSst: WriteSst,
  now: number = memtable.lastCommittedAt,
): Promise<Head> {
  const since = head.lastCommit.sequence;
  if (memtable.lastVersion.sequence <= since) return head;
  const extended = withCommits(head, memtable, now);
  const point = pointOf(extended, now);

  const retention = new VersionRetention({
    point,
    timeline: extended.timeline,
    rangeDeletes: extended.rangeDeletes,
    mayLieBelow: (key) => mayLieInFiles(head, key),
  });
  const kept: Entry[] = [];
  const newest: Entry[] = [];
  let keptBytes = 0;
  let newestBytes = 0;
  for (const versions of mergeRuns(head.inline, newerThan(memtable.entries(), since))) {
    const count = retention.keep(versions);
    for (let i = 0; i < count; i++) {
      const entry = versions[i] as Entry;
      const bytes = entryBytes(entry);
      kept.push(entry);
      keptBytes += bytes;
      if (i > 0) continue;
      newest.push(entry);
      newestBytes += bytes;
    }
  }

  const write = (entries: readonly Entry[], coversFrom: number, coversThrough: number): Promise<SstRef> =>
    writeSst(extended, entries, { coversFrom, coversThrough, rangeDeletesThrough: point.sequence });
  const layers = await layOut(extended, { kept, keptBytes, newest, newestBytes }, settings, write);
  const idempotency = await extendIdempotency(
    head.idempotency,
    memtable.idempotency.filter(({ version }) => version.sequence > since),
    extended.lastCommittedAt,
    (records) => write(records, 0, 0),
  );
  const trimmed = trimHistory(layers.history, {
    throughSequence: point.sequence,
    horizon: Math.max(head.horizon, retention.horizon),
  });
  const next = { ...extended, ...layers, ...trimmed, idempotency };
  const flushed = { ...next, ...pruneRangeDeletes(next, point) };
  return { ...flushed, statistics: statisticsOf(flushed) };
}

/** Everything of the commits but their entries and idempotency records. */
function withCommits(head: Head, memtable: Memtable, now: number): Head {
  const since = head.lastCommit.sequence;
  const commits = memtable.commits(since);
  const next = {
    ...head,
    lastCommit: memtable.lastVersion,
    lastCommittedAt: Math.max(head.lastCommittedAt, memtable.lastCommittedAt),
    rangeDeletes: [...head.rangeDeletes, ...memtable.rangeDeletes.filter(({ version }) => version.sequence > since)],
    usage: extendUsage(head.usage, commits),
  };
  const point = (timeline: Head['timeline']): RetentionPoint => retentionPoint({ ...next, timeline }, now);
  return { ...next, timeline: extendTimeline(head.timeline, commits, point) };
}

/** Without files nobody else will bring range deletes to an end, so the flush does; with files a compaction has to. */
function pointOf(head: Head, now: number): RetentionPoint {
  const point = retentionPoint(head, now);
  return head.l0.length + head.l1.length === 0 ? pointUnderPressure(point, head) : point;
}

interface MergedRun {
  readonly kept: readonly Entry[];
  readonly keptBytes: number;
  readonly newest: readonly Entry[];
  readonly newestBytes: number;
}

type Layers = Pick<Head, 'inline' | 'inlineFrom' | 'l0' | 'history'>;

async function layOut(
  head: Head,
  { kept, keptBytes, newest, newestBytes }: MergedRun,
  { inlineLimitBytes }: FlushSettings,
  write: (entries: readonly Entry[], coversFrom: number, coversThrough: number) => Promise<SstRef>,
): Promise<Layers> {
  const { inlineFrom, l0, history, lastCommit } = head;
  if (keptBytes <= inlineLimitBytes) return { inline: kept.map(settledEntry), inlineFrom, l0, history };
  const file = await write(kept, inlineFrom, lastCommit.sequence);
  const next = { inlineFrom: lastCommit.sequence + 1 };
  if (newestBytes > inlineLimitBytes) return { ...next, inline: [], l0: [file, ...l0], history };
  return { ...next, inline: newest.map(settledEntry), l0, history: withHistory(history, 'versions', [file]) };
}

/** Whether a file of the head may hold a version of the key, by its range of keys. */
function mayLieInFiles({ l0, l1 }: Head, key: Uint8Array): boolean {
  const spans = (ref: SstRef): boolean => compareKeys(ref.minKey, key) <= 0 && compareKeys(ref.maxKey, key) >= 0;
  if (l0.some(spans)) return true;
  let low = 0;
  let high = l1.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys((l1[middle] as SstRef).maxKey, key) < 0) low = middle + 1;
    else high = middle;
  }
  const ref = l1[low];
  return ref !== undefined && spans(ref);
}

function* newerThan(entries: Iterable<Entry>, sequence: number): Generator<Entry> {
  for (const entry of entries) {
    if (entry.version.sequence > sequence) yield entry instanceof LoneCommit ? entry.entry : entry;
  }
}
