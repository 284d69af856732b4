import type { Version } from '@leasehold/foundation';
import { formatVersion } from '@leasehold/foundation';

import { LIMITS } from './limits.js';
import type { ListedEntry } from './list-page.js';
import { entryBytes, formatValue, listPageParts, shownEntries } from './list-page.js';
import { readUnitsOf } from './cost.js';
import { ProblemError } from './problem.js';
import type { SnapshotRequest } from './snapshot-body.js';

/** What the reads of one state came to, by the positions of the request. */
export interface SnapshotResult {
  readonly version: Version;
  readonly gets: readonly (ListedEntry | undefined)[];
  readonly lists: readonly { readonly entries: readonly ListedEntry[]; readonly more: boolean }[];
}

/**
 * `{"version":"…","gets":[{"value":…,"version":"…"} | null],"lists":[{"entries":[…],"cursor":…}]}`. Cursors of a request with `at`
 * hold on to the version.
 * @throws ProblemError invalid-encoding, answer-too-large
 */
export function formatSnapshot(result: SnapshotResult, request: SnapshotRequest): string {
  return [...snapshotParts(result, request)].join('');
}

/** The same text bit by bit, as `listPageParts`. */
export function* snapshotParts(result: SnapshotResult, request: SnapshotRequest): Generator<string> {
  let sizeBytes = 0;
  for (const part of partsOf(result, request)) {
    sizeBytes += Buffer.byteLength(part);
    if (sizeBytes > LIMITS.snapshotAnswerBytes) {
      const limit = `the answer of a snapshot read has at most ${LIMITS.snapshotAnswerBytes} bytes`;
      throw new ProblemError('answer-too-large', `${limit}; ask for fewer keys, or for encoding=base64`);
    }
    yield part;
  }
}

function* partsOf({ version, gets, lists }: SnapshotResult, request: SnapshotRequest): Generator<string> {
  const { encoding } = request;
  const pin = request.at === undefined ? undefined : version;
  yield `{"version":"${formatVersion(version)}","gets":[`;
  for (const [i, entry] of gets.entries()) {
    if (i > 0) yield ',';
    if (entry === undefined) yield 'null';
    else yield `{"value":${formatValue(entry.value, encoding)},"version":"${formatVersion(entry.version)}"}`;
  }
  yield '],"lists":[';
  for (const [i, { entries, more }] of lists.entries()) {
    const list = request.lists[i];
    if (list === undefined) continue;
    if (i > 0) yield ',';
    yield* listPageParts(entries, more, { ...list, encoding }, pin);
  }
  yield ']}';
}

/** Each key and each page counts for itself, and a request that names none still reads the version. */
export function snapshotReadUnits({ gets, lists }: SnapshotResult): number {
  let units = 0;
  for (const entry of gets) units += readUnitsOf(entry === undefined ? 0 : entryBytes(entry));
  for (const { entries } of lists) units += pageReadUnits(entries);
  return Math.max(1, units);
}

/** What is shown counts, not what was looked at. */
export function pageReadUnits(entries: readonly ListedEntry[]): number {
  return readUnitsOf(shownEntries(entries).reduce((bytes, entry) => bytes + entryBytes(entry), 0));
}
