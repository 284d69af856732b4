import type { ByteRange } from './byte-range.js';
import type { Lifetime } from './lifetime.js';
import type { Precondition } from './precondition.js';

/** What a client asks for, with everything decoded. Checks and operations are at most {@link LIMITS.transactionParts} together. */
export interface TransactionRequest {
  readonly checks: readonly TransactionCheck[];
  readonly ops: readonly TransactionOperation[];
}

export type TransactionCheck =
  | { readonly kind: 'key'; readonly key: Uint8Array; readonly precondition: Precondition }
  /** Nothing in the range has changed after the commit of this sequence. */
  | { readonly kind: 'range'; readonly range: ByteRange; readonly since: number };

export type TransactionOperation =
  /** `putVersionstamped`: the versionstamp of the commit becomes the last part of the key (KV Connect alone). */
  | {
      readonly op: 'put' | 'putVersionstamped';
      readonly key: Uint8Array;
      readonly value: Uint8Array;
      readonly lifetime?: Lifetime;
    }
  | { readonly op: 'delete'; readonly key: Uint8Array }
  | { readonly op: 'deleteRange'; readonly range: ByteRange }
  | {
      readonly op: 'sum' | 'min' | 'max';
      readonly key: Uint8Array;
      /** 0 … 2^64 − 1. */
      readonly operand: bigint;
      /** What stands before the number in the stored value (KV Connect alone). */
      readonly prefix?: Uint8Array;
      readonly lifetime?: Lifetime;
    };

const COUNTER_BYTES = 8;

/** Keys and values together, as {@link LIMITS.transactionBytes} counts them. */
export function transactionBytes({ checks, ops }: TransactionRequest): number {
  let bytes = 0;
  for (const check of checks) bytes += check.kind === 'key' ? check.key.byteLength : rangeBytes(check.range);
  for (const op of ops) {
    if (op.op === 'deleteRange') bytes += rangeBytes(op.range);
    else if ('value' in op) bytes += op.key.byteLength + op.value.byteLength;
    else bytes += op.key.byteLength + (op.op === 'delete' ? 0 : COUNTER_BYTES + (op.prefix?.byteLength ?? 0));
  }
  return bytes;
}

function rangeBytes({ start, end }: ByteRange): number {
  return (start?.byteLength ?? 0) + (end?.byteLength ?? 0);
}
