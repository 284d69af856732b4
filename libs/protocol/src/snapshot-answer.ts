import type { Version } from '@leasehold/foundation';
import { formatVersion } from '@leasehold/foundation';

import { LIMITS } from './limits.js';
import type { ListedEntry } from './list-page.js';
import { entryBytes, formatListPage, formatValue, shownEntries } from './list-page.js';
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
export function formatSnapshot({ version, gets, lists }: SnapshotResult, request: SnapshotRequest): string {
  const { encoding } = request;
  const pin = request.at === undefined ? undefined : version;
  const text = new BoundedText();
  text.add(`{"version":"${formatVersion(version)}","gets":[`);
  for (const [i, entry] of gets.entries()) {
    if (i > 0) text.add(',');
    if (entry === undefined) text.add('null');
    else text.add(`{"value":${formatValue(entry.value, encoding)},"version":"${formatVersion(entry.version)}"}`);
  }
  text.add('],"lists":[');
  for (const [i, { entries, more }] of lists.entries()) {
    const list = request.lists[i];
    if (list === undefined) continue;
    if (i > 0) text.add(',');
    text.add(formatListPage(entries, more, { ...list, encoding }, pin));
  }
  text.add(']}');
  return text.toString();
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

class BoundedText {
  private readonly parts: string[] = [];
  private sizeBytes = 0;

  add(part: string): void {
    this.sizeBytes += Buffer.byteLength(part);
    if (this.sizeBytes > LIMITS.snapshotAnswerBytes) {
      const limit = `the answer of a snapshot read has at most ${LIMITS.snapshotAnswerBytes} bytes`;
      throw new ProblemError('answer-too-large', `${limit}; ask for fewer keys, or for encoding=base64`);
    }
    this.parts.push(part);
  }

  toString(): string {
    return this.parts.join('');
  }
}
