import type { OperationText } from '../../history/history.js';

const WRITE_UNIT_BYTES = 1024;
const COUNTER_BYTES = 8;

export interface Cost {
  readonly writeUnits: number;
  readonly writtenBytes: number;
}

export const NO_COST: Cost = { writeUnits: 0, writtenBytes: 0 };

export function sumOf(a: Cost, b: Cost): Cost {
  return { writeUnits: a.writeUnits + b.writeUnits, writtenBytes: a.writtenBytes + b.writtenBytes };
}

/** Each operation as it was asked for: a unit for each begun KiB of key and value, one for a delete of any kind. */
export function costOf(ops: readonly OperationText[], tag: string): Cost {
  return ops.map((op) => costOfOperation(op, tag)).reduce(sumOf, NO_COST);
}

function costOfOperation(op: OperationText, tag: string): Cost {
  switch (op.op) {
    case 'delete':
      return { writeUnits: 1, writtenBytes: op.key.length };
    case 'deleteRange':
      return { writeUnits: 1, writtenBytes: op.range.start.length + (op.range.end?.length ?? 0) };
    case 'put':
      return costOfData(op.key.length + op.value.length);
    default:
      return costOfData(op.key.length + tag.length + COUNTER_BYTES);
  }
}

function costOfData(bytes: number): Cost {
  return { writeUnits: Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES)), writtenBytes: bytes };
}
