import type { OperationText } from '../../history/history.js';

const COUNTER_BYTES = 8;
const BITS = 64;

/**
 * A number as a counter stores it, one character per byte.
 *
 *     | tag | number u64, least byte first |
 */
export function counterText(tag: string, number: bigint): string {
  let rest = BigInt.asUintN(BITS, number);
  let bytes = '';
  for (let i = 0; i < COUNTER_BYTES; i++) {
    bytes += String.fromCharCode(Number(rest & 0xffn));
    rest >>= 8n;
  }
  return tag + bytes;
}

/** Undefined unless the value is the tag and 8 bytes. */
export function counterOf(tag: string, value: string): bigint | undefined {
  if (value.length !== tag.length + COUNTER_BYTES || !value.startsWith(tag)) return undefined;
  let number = 0n;
  for (let i = value.length - 1; i >= tag.length; i--) number = (number << 8n) | BigInt(value.charCodeAt(i));
  return number;
}

/** What a counter comes to that has `present`; one that does not exist takes the operand. */
export function counted(
  { op, operand }: Extract<OperationText, { readonly operand: bigint }>,
  present: bigint | undefined,
): bigint {
  const number = BigInt.asUintN(BITS, operand);
  if (present === undefined) return number;
  if (op === 'sum') return BigInt.asUintN(BITS, present + number);
  return (op === 'min') === number < present ? number : present;
}
