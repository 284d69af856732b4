import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId } from '@leasehold/foundation';
import { assert, isLeaseholdError } from '@leasehold/foundation';
import type { GetOptions, ObjectStore, StoredObject } from '@leasehold/object-store';
import { READS_OF_DAMAGED } from '@leasehold/object-store';

import { isInOrder, unlessDamaged, type ObjectDirectory } from './log-directory.js';
import { MissingSegmentError } from './log-errors.js';
import type { RollupName } from './rollup.js';
import {
  mapRollup,
  readRollupDirectory,
  readRollupFooter,
  readRollupHeader,
  ROLLUP_FOOTER_BYTES,
  ROLLUP_HEADER_BYTES,
} from './rollup.js';
import type { DirectoryEntry, FrameMap, SegmentName } from './segment.js';
import {
  mapFrames,
  mapSegment,
  readSegmentDirectory,
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
  segmentDirectoryBytes,
} from './segment.js';

/** Read from the end of an object at first: the directory of 3,000 frames. */
export const DIRECTORY_READ_BYTES = 64 * 1024;

/** A segment or a rollup. */
export type LogObjectName = SegmentName | RollupName;

export interface ReadLogObject extends FrameMap {
  readonly kind: 'data' | 'seal';
  readonly body: Uint8Array;
}

export function logObjectKey(name: LogObjectName): string {
  return 'number' in name
    ? bucketLayout.segment(name.sessionId, name.number)
    : bucketLayout.rollup(name.sessionId, name.from, name.to);
}

/**
 * Reads one object of a log that is known to exist. One whose header stays unreadable comes back as data with damage that
 * could be anybody's: somebody wrote something there, and it must not be taken for nothing (L3).
 * @throws MissingSegmentError, StoreUnavailableError
 */
export async function readLogObject(store: Pick<ObjectStore, 'get'>, name: LogObjectName): Promise<ReadLogObject> {
  for (let read = 1; ; read++) {
    const { body } = await getObject(store, name);
    const object = mapOrDamage(name, body);
    if (object.damage.length === 0 || read === READS_OF_DAMAGED) return { ...object, body };
  }
}

function mapOrDamage(name: LogObjectName, body: Uint8Array): FrameMap & { readonly kind: 'data' | 'seal' } {
  try {
    return 'number' in name ? mapSegment(name, body) : { kind: 'data', ...mapRollup(name, body) };
  } catch (error) {
    if (!isLeaseholdError(error, 'corrupt')) throw error;
    return { kind: 'data', intact: [], damage: [{ databaseId: undefined, header: undefined }] };
  }
}

/**
 * What a rollup holds of one database, in two or three requests for as many bytes as that takes. Where its directory cannot
 * be read, all of it is.
 * @throws MissingSegmentError, StoreUnavailableError
 */
export async function readFromRollup(
  store: Pick<ObjectStore, 'get'>,
  name: RollupName,
  databaseId: DatabaseId,
): Promise<FrameMap> {
  const directory = await readDirectory(store, name);
  if (directory === undefined) return readLogObject(store, name);
  const { entries, directoryAt } = directory;
  const first = entries.findIndex((entry) => entry.databaseId === databaseId);
  if (first === -1) return { intact: [], damage: [] };
  const behind = entries.findIndex((entry, i) => i > first && entry.databaseId !== databaseId);
  const own = entries.slice(first, behind === -1 ? undefined : behind);
  const start = (own[0] as DirectoryEntry).offset;
  const end = behind === -1 ? directoryAt : (entries[behind] as DirectoryEntry).offset;
  const { body } = await getObject(store, name, { range: { start, end } });
  const shifted = own.map((entry) => ({ ...entry, offset: entry.offset - start }));
  const map = mapFrames(body, 0, own.length, shifted);
  // Perhaps on their way only: the whole is read, and again, before damage is believed.
  return map.damage.length === 0 ? map : readLogObject(store, name);
}

/**
 * The directory of an object and, checked, its header, in one wave of two small requests where the directory is not a long one.
 * Undefined when anything of them cannot be believed: then the object has to be read whole, which tells what is damaged (L3).
 * @throws MissingSegmentError, StoreUnavailableError
 */
export async function readObjectDirectory(
  store: Pick<ObjectStore, 'get'>,
  name: LogObjectName,
): Promise<ObjectDirectory | undefined> {
  const headerBytes = 'number' in name ? SEGMENT_HEADER_BYTES : ROLLUP_HEADER_BYTES;
  const [{ body: header }, end] = await Promise.all([
    getObject(store, name, { range: { start: 0, end: headerBytes } }),
    getObject(store, name, { range: { suffix: DIRECTORY_READ_BYTES } }),
  ]);
  const count = unlessDamaged(() =>
    'number' in name ? readSegmentHeader(name, header).count : readRollupHeader(name, header),
  );
  if (count === undefined) return undefined;
  const directory = await ('number' in name
    ? segmentDirectory(store, name, end, count)
    : rollupDirectory(store, name, end));
  return directory?.entries.length === count && isInOrder(directory, headerBytes) ? directory : undefined;
}

async function segmentDirectory(
  store: Pick<ObjectStore, 'get'>,
  name: SegmentName,
  end: StoredObject,
  count: number,
): Promise<ObjectDirectory | undefined> {
  const directoryAt = end.sizeBytes - segmentDirectoryBytes(count);
  if (directoryAt < SEGMENT_HEADER_BYTES) return undefined;
  const entries = readSegmentDirectory(await endFrom(store, name, end, directoryAt), count);
  return entries && { entries, directoryAt };
}

async function readDirectory(store: Pick<ObjectStore, 'get'>, name: RollupName): Promise<ObjectDirectory | undefined> {
  return rollupDirectory(store, name, await getObject(store, name, { range: { suffix: DIRECTORY_READ_BYTES } }));
}

async function rollupDirectory(
  store: Pick<ObjectStore, 'get'>,
  name: RollupName,
  end: StoredObject,
): Promise<ObjectDirectory | undefined> {
  const footer = readRollupFooter(end.body.subarray(Math.max(0, end.body.byteLength - ROLLUP_FOOTER_BYTES)));
  if (footer === undefined || footer.directoryAt >= end.sizeBytes) return undefined;
  const { directoryAt } = footer;
  const entries = readRollupDirectory(await endFrom(store, name, end, directoryAt));
  return entries && { entries, directoryAt };
}

/** The bytes from `at` to the end of an object, of whose end some are there. */
async function endFrom(
  store: Pick<ObjectStore, 'get'>,
  name: LogObjectName,
  end: StoredObject,
  at: number,
): Promise<Uint8Array> {
  const inEnd = at - (end.sizeBytes - end.body.byteLength);
  if (inEnd >= 0) return end.body.subarray(inEnd);
  return (await getObject(store, name, { range: { start: at, end: end.sizeBytes } })).body;
}

/** @throws MissingSegmentError, StoreUnavailableError */
export async function getObject(
  store: Pick<ObjectStore, 'get'>,
  name: LogObjectName,
  options?: GetOptions,
): Promise<StoredObject> {
  const key = logObjectKey(name);
  const object = await store.get(key, options);
  if (object === undefined) throw new MissingSegmentError(key);
  assert(object !== 'not-modified', 'an unconditional read has a body');
  return object;
}
