import type { Version } from '@leasehold/foundation';
import { LeaseholdError } from '@leasehold/foundation';
import type { Entry, ScanOptions, ScanPage, View } from '@leasehold/engine';
import { SCAN_PAGE_BYTES } from '@leasehold/engine';

import { assertRange, assertSequence, keyBytes } from '../transaction/transaction-limits.js';
import type { PointInTime } from './point-in-time.js';

/** Many reads of one state of a database in one trip. */
export interface SnapshotRead {
  readonly gets: readonly Uint8Array[];
  /** Their pages share {@link SCAN_PAGE_BYTES}: one that finds it used up is empty and says that more follows. */
  readonly scans: readonly ScanOptions[];
  /** The present state by default. */
  readonly at?: PointInTime;
}

export interface Snapshot {
  /** Of the last commit that the answers contain. */
  readonly version: Version;
  /** By position; undefined: the key does not exist. */
  readonly gets: readonly (Entry | undefined)[];
  readonly scans: readonly ScanPage[];
}

export const SNAPSHOT_LIMITS = {
  gets: 1_000,
  scans: 100,
  /** Of one page: what `limit` may ask for. */
  pageEntries: 10_000,
  /** Values of the gets together: thirty of the largest. */
  bytes: 16 * 1024 * 1024,
} as const;

/** @throws LeaseholdError `invalid`: too-many-operations, invalid-key, key-too-long, invalid-range, invalid-limit, invalid-version */
export function assertSnapshotLimits({ gets, scans, at }: SnapshotRead): void {
  if (gets.length > SNAPSHOT_LIMITS.gets || scans.length > SNAPSHOT_LIMITS.scans) {
    const limits = `${SNAPSHOT_LIMITS.gets} gets and ${SNAPSHOT_LIMITS.scans} scans`;
    throw new LeaseholdError('invalid', 'too-many-operations', `a snapshot read has at most ${limits}`);
  }
  for (const key of gets) keyBytes(key);
  for (const scan of scans) assertScan(scan);
  if (at !== undefined) assertPointInTime(at);
}

/** @throws LeaseholdError `invalid`: invalid-range, invalid-limit */
export function assertScan(scan: ScanOptions): void {
  assertRange(scan);
  if (!Number.isSafeInteger(scan.limit) || scan.limit < 1 || scan.limit > SNAPSHOT_LIMITS.pageEntries) {
    const limit = `a page has 1 to ${SNAPSHOT_LIMITS.pageEntries} entries`;
    throw new LeaseholdError('invalid', 'invalid-limit', limit);
  }
}

/** @throws LeaseholdError invalid-version */
export function assertPointInTime(at: PointInTime): void {
  assertSequence('version' in at ? at.version.sequence : at.timeMs);
}

/** Each may bring a value of the largest size into memory before the sum of all is known. */
const GETS_AT_ONCE = 128;

/** @throws LeaseholdError answer-too-large */
export async function readSnapshot(view: View, { gets, scans }: SnapshotRead): Promise<Snapshot> {
  const found = await readGets(view, gets);
  const pages: ScanPage[] = [];
  let left = SCAN_PAGE_BYTES;
  // One after another, so that each knows what the ones before it have left.
  for (const scan of scans) {
    const page = await view.scan({ ...scan, limitBytes: Math.min(left, scan.limitBytes ?? SCAN_PAGE_BYTES) });
    left = page.entries.reduce((rest, { key, value }) => rest - key.byteLength - value.byteLength, left);
    left = Math.max(0, left);
    pages.push(page);
  }
  return { version: view.version, gets: found, scans: pages };
}

async function readGets(view: View, gets: readonly Uint8Array[]): Promise<readonly (Entry | undefined)[]> {
  const found = new Array<Entry | undefined>(gets.length).fill(undefined);
  let bytes = 0;
  const rest = gets.entries();
  const lane = async (): Promise<void> => {
    for (const [position, key] of rest) {
      const entry = await view.get(key);
      bytes += entry?.value.byteLength ?? 0;
      if (bytes > SNAPSHOT_LIMITS.bytes) {
        const limit = `values of a snapshot read have at most ${SNAPSHOT_LIMITS.bytes} bytes`;
        throw new LeaseholdError('invalid', 'answer-too-large', limit);
      }
      found[position] = entry;
    }
  };
  await Promise.all(Array.from({ length: Math.min(GETS_AT_ONCE, gets.length) }, lane));
  return found;
}
