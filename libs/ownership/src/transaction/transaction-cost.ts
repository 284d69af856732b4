import type { UsageCounters } from '@leasehold/engine';
import { writeUnitsOf as writeUnitsOfBytes } from '@leasehold/protocol';

import type { Operation, Transaction } from './transaction.js';
import { VERSIONSTAMP_SUFFIX_BYTES } from './versionstamped-key.js';

const COUNTER_BYTES = 8;

/** What a commit is counted by. */
type Counted = Pick<Transaction, 'ops' | 'isUnbilled'>;

/**
 * The counters after a commit of these operations. Each operation counts as it was asked for, also when a later one undoes it: one unit
 * per begun KiB of key and value, one for a delete of any kind.
 */
export function usageAfter(usage: UsageCounters, counted: Counted): UsageCounters {
  const { commits, writeUnits } = usage;
  const writtenBytes = counted.ops.reduce((bytes, op) => bytes + bytesWritten(op), usage.writtenBytes);
  return { commits: commits + 1, writeUnits: writeUnits + writeUnitsOf(counted), writtenBytes };
}

/** What a commit of these operations adds to the counter of write units. */
export function writeUnitsOf({ ops, isUnbilled = false }: Counted): number {
  if (isUnbilled && !ops.some(addsData)) return 0;
  let units = 0;
  for (const op of ops) units += writeUnitsOfOperation(op);
  return units;
}

export function writeUnitsOfOperation(op: Operation): number {
  return writeUnitsOfBytes(addsData(op) ? bytesWritten(op) : 0);
}

/** Bytes of keys and values that the operations may add to the data. */
export function addedBytes(ops: readonly Operation[]): number {
  let bytes = 0;
  for (const op of ops) if (addsData(op)) bytes += bytesWritten(op);
  return bytes;
}

function addsData(op: Operation): boolean {
  return op.op !== 'delete' && op.op !== 'deleteRange';
}

function bytesWritten(op: Operation): number {
  switch (op.op) {
    case 'put':
      return op.key.byteLength + op.value.byteLength;
    case 'putVersionstamped':
      return op.key.byteLength + VERSIONSTAMP_SUFFIX_BYTES + op.value.byteLength;
    case 'delete':
      return op.key.byteLength;
    case 'deleteRange':
      return (op.range.start?.byteLength ?? 0) + (op.range.end?.byteLength ?? 0);
    case 'sum':
    case 'min':
    case 'max':
      return op.key.byteLength + (op.prefix?.byteLength ?? 0) + COUNTER_BYTES;
  }
}
