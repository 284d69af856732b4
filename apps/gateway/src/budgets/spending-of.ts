import type { Spending } from '@leasehold/directory';
import type { KvReadRange, SnapshotRequest, TransactionRequest } from '@leasehold/protocol';
import { KV_LIMITS, LIMITS, readUnitsOf, writeUnitsOf } from '@leasehold/protocol';

const COUNTER_BYTES = 8;
/** Behind a key, at most: a version as a part of a tuple. */
const VERSIONSTAMP_BYTES = 32;
const ENTRY_BYTES = LIMITS.keyBytes + LIMITS.valueBytes;
/** Of a snapshot read: all of its values together. */
const SNAPSHOT_BYTES = 16 * 1024 * 1024;
/** Of bytes in JSON, in base64 or as texts of people. What takes more is counted when it is answered. */
const JSON_SHARE = 2;

const NOTHING: Spending = { readUnits: 0, writeUnits: 0, egressBytes: 0 };

/** What reading one key comes to at most: how large it is shows when it is there. */
export const READ_OF_KEY: Spending = {
  readUnits: readUnitsOf(ENTRY_BYTES),
  writeUnits: 0,
  egressBytes: LIMITS.valueBytes,
};

export const DELETE_OF_KEY: Spending = { ...NOTHING, writeUnits: 1 };
export const DELETE_OF_RANGE: Spending = DELETE_OF_KEY;

export function writeOfKey(keyBytes: number, valueBytes: number): Spending {
  return { ...NOTHING, writeUnits: writeUnitsOf(keyBytes + valueBytes) };
}

/** What a page comes to at most. */
export function listOf(limit: number): Spending {
  return readOf(1, Math.min(limit * ENTRY_BYTES, LIMITS.pageBytes + ENTRY_BYTES));
}

/** What a snapshot read comes to at most. */
export function snapshotOf({ gets, lists }: Pick<SnapshotRequest, 'gets' | 'lists'>): Spending {
  const entries = gets.length + lists.reduce((sum, { limit }) => sum + limit, 0);
  return readOf(gets.length + lists.length, Math.min(entries * ENTRY_BYTES, SNAPSHOT_BYTES + ENTRY_BYTES));
}

/** The same of KV Connect. */
export function kvReadOf(ranges: readonly Pick<KvReadRange, 'limit'>[]): Spending {
  const entries = ranges.reduce((sum, { limit }) => sum + limit, 0);
  return readOf(ranges.length + 1, Math.min(entries * ENTRY_BYTES, KV_LIMITS.answerBytes + ENTRY_BYTES));
}

/** What a transaction comes to at most: what it writes where its checks hold, and looking where they do not. */
export function transactionOf({ checks, ops }: TransactionRequest): Spending {
  const writeUnits = ops.reduce((units, op) => units + writeUnitsOf(bytesWritten(op)), 0);
  return { readUnits: Math.max(1, checks.length), writeUnits, egressBytes: 0 };
}

function readOf(parts: number, sizeBytes: number): Spending {
  return { readUnits: parts + readUnitsOf(sizeBytes), writeUnits: 0, egressBytes: JSON_SHARE * sizeBytes };
}

function bytesWritten(op: TransactionRequest['ops'][number]): number {
  switch (op.op) {
    case 'put':
      return op.key.byteLength + op.value.byteLength;
    case 'putVersionstamped':
      return op.key.byteLength + VERSIONSTAMP_BYTES + op.value.byteLength;
    case 'delete':
    case 'deleteRange':
      return 0;
    case 'sum':
    case 'min':
    case 'max':
      return op.key.byteLength + (op.prefix?.byteLength ?? 0) + COUNTER_BYTES;
  }
}
