import { equalBytes } from '@leasehold/foundation';

import type { CounterOperation } from './transaction.js';

const COUNTER_BYTES = 8;
const NO_PREFIX = new Uint8Array(0);

export const MAX_COUNTER = 2n ** 64n - 1n;

/**
 * The value after the operation; undefined when the present one is not a counter of its prefix.
 *
 *     | prefix | number u64, least byte first |
 */
export function applyCounter(operation: CounterOperation, present: Uint8Array | undefined): Uint8Array | undefined {
  const { op, operand, prefix = NO_PREFIX } = operation;
  if (present === undefined) return encodeCounter(operand, prefix);
  const number = decodeCounter(present, prefix);
  if (number === undefined) return undefined;
  switch (op) {
    case 'sum':
      return encodeCounter(BigInt.asUintN(64, number + operand), prefix);
    case 'min':
      return encodeCounter(number < operand ? number : operand, prefix);
    case 'max':
      return encodeCounter(number > operand ? number : operand, prefix);
  }
}

export function encodeCounter(number: bigint, prefix: Uint8Array = NO_PREFIX): Uint8Array {
  const value = new Uint8Array(prefix.byteLength + COUNTER_BYTES);
  value.set(prefix);
  new DataView(value.buffer).setBigUint64(prefix.byteLength, number, true);
  return value;
}

/** Undefined unless `value` is the prefix and 8 bytes. */
export function decodeCounter(value: Uint8Array, prefix: Uint8Array = NO_PREFIX): bigint | undefined {
  if (value.byteLength !== prefix.byteLength + COUNTER_BYTES) return undefined;
  if (!equalBytes(value.subarray(0, prefix.byteLength), prefix)) return undefined;
  return new DataView(value.buffer, value.byteOffset).getBigUint64(prefix.byteLength, true);
}
