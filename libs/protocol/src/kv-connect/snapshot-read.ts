import { encodeVersionstamp } from '@leasehold/foundation';

import type { ListedEntry } from '../list-page.js';
import { ProblemError } from '../problem.js';
import { encodingNumber } from './kv-encoding.js';
import { KV_LIMITS } from './kv-limits.js';
import type { ProtoWriter } from './proto-fields.js';
import {
  boolField,
  bytesField,
  bytesTag,
  int32Field,
  protoWriter,
  readFields,
  readMessage,
  varintTag,
} from './proto-fields.js';
import { decodeStoredValue } from './stored-value.js';

/** Keys from `start` on and before `end`, as bytes; backwards from the end. Both have at most {@link KV_LIMITS.boundBytes}. */
export interface KvReadRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  /** 1 … {@link KV_LIMITS.readEntries}. */
  readonly limit: number;
  readonly reverse: boolean;
}

const NO_BYTES = new Uint8Array(0);
const SUCCESS = 1;

/**
 * The message `SnapshotRead`: `{ repeated ReadRange ranges = 1 }`, a range being
 * `{ bytes start = 1, bytes end = 2, int32 limit = 3, bool reverse = 4 }`.
 * @throws ProblemError invalid-body, too-many-operations, invalid-limit, key-too-long
 */
export function decodeSnapshotRead(body: Uint8Array): readonly KvReadRange[] {
  const ranges: KvReadRange[] = [];
  let entries = 0;
  const add = (range: KvReadRange): void => {
    if (ranges.length === KV_LIMITS.readRanges) {
      throw new ProblemError('too-many-operations', 'Too many read ranges requested in one read request.');
    }
    if (range.limit < 1) {
      throw new ProblemError('invalid-limit', 'The read range limit of the snapshot read request is invalid.');
    }
    if (Math.max(range.start.byteLength, range.end.byteLength) > KV_LIMITS.boundBytes) {
      throw new ProblemError('key-too-long', 'A key exceeds the key size limit.');
    }
    entries += range.limit;
    if (entries > KV_LIMITS.readEntries) {
      const limit = `more than ${KV_LIMITS.readEntries} entries requested across read ranges`;
      throw new ProblemError(
        'invalid-limit',
        `The total number of entries in the read request is too large: ${limit}.`,
      );
    }
    ranges.push(range);
  };
  readMessage('SnapshotRead', () => readFields(body, { 1: bytesField((bytes) => add(readRange(bytes))) }));
  return ranges;
}

function readRange(bytes: Uint8Array): KvReadRange {
  let start: Uint8Array = NO_BYTES;
  let end: Uint8Array = NO_BYTES;
  let limit = 0;
  let reverse = false;
  readFields(bytes, {
    1: bytesField((read) => (start = read)),
    2: bytesField((read) => (end = read)),
    3: int32Field((read) => (limit = read)),
    4: boolField((read) => (reverse = read)),
  });
  return { start, end, limit, reverse };
}

/**
 * The message `SnapshotReadOutput`: `{ repeated ReadRangeOutput ranges = 1, bool read_is_strongly_consistent = 4,
 * SnapshotReadStatus status = 8 }`, with the ranges in the order in which they were asked for, `{ repeated KvEntry values = 1 }` each.
 */
export function encodeSnapshotReadOutput(ranges: readonly (readonly ListedEntry[])[]): Uint8Array {
  const writer = protoWriter();
  for (const entries of ranges) {
    writer.uint32(bytesTag(1)).fork();
    for (const entry of entries) writeEntry(writer.uint32(bytesTag(1)).fork(), entry).ldelim();
    writer.ldelim();
  }
  return writer.uint32(varintTag(4)).bool(true).uint32(varintTag(8)).int32(SUCCESS).finish();
}

/** `KvEntry`: `{ bytes key = 1, bytes value = 2, ValueEncoding encoding = 3, bytes versionstamp = 4 }`. */
export function writeEntry(writer: ProtoWriter, { key, value, version }: ListedEntry): ProtoWriter {
  const { encoding, data } = decodeStoredValue(value);
  return writer
    .uint32(bytesTag(1))
    .bytes(key)
    .uint32(bytesTag(2))
    .bytes(data)
    .uint32(varintTag(3))
    .int32(encodingNumber(encoding))
    .uint32(bytesTag(4))
    .bytes(encodeVersionstamp(version));
}
