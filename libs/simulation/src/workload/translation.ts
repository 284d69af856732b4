import { createHash } from 'node:crypto';

import type { Commit, KeyRange } from '@leasehold/engine';
import type { IdempotencyKey, Transaction } from '@leasehold/ownership';
import type { Check, Operation } from '@leasehold/ownership';

import type { CheckText, CommitText, OperationText, RangeText } from '../history/history.js';

/** One character per byte. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

export function rangeOf({ start, end }: RangeText): KeyRange {
  return { start: bytesOf(start), end: end === undefined ? undefined : bytesOf(end) };
}

/** @param tag what stands before the 8 bytes of the database's counters */
export function transactionOf(
  request: { readonly checks: readonly CheckText[]; readonly ops: readonly OperationText[] },
  tag: string,
  idempotencyKey: IdempotencyKey | undefined,
): Transaction {
  return {
    checks: request.checks.map(checkOf),
    ops: request.ops.map((op) => operationOf(op, tag)),
    idempotencyKey,
  };
}

export function idempotencyKeyOf(callId: string): IdempotencyKey {
  return { key: bytesOf(callId), digest: new Uint8Array(createHash('md5').update(callId).digest()) };
}

function checkOf(check: CheckText): Check {
  if (check.kind === 'range') return { kind: 'range', range: rangeOf(check.range), since: check.since };
  const key = bytesOf(check.key);
  if (check.kind !== 'version') return { kind: 'key', key, precondition: { kind: check.kind } };
  const { epoch, sequence } = check;
  return { kind: 'key', key, precondition: { kind: 'version', version: { epoch, sequence } } };
}

function operationOf(op: OperationText, tag: string): Operation {
  switch (op.op) {
    case 'put':
      return { op: 'put', key: bytesOf(op.key), value: bytesOf(op.value), expiresAt: op.expiresAt };
    case 'delete':
      return { op: 'delete', key: bytesOf(op.key) };
    case 'deleteRange':
      return { op: 'deleteRange', range: rangeOf(op.range) };
    default:
      return { op: op.op, key: bytesOf(op.key), operand: op.operand, prefix: bytesOf(tag) };
  }
}

export function commitTextOf({ version, committedAt, entries, rangeDeletes }: Commit): CommitText {
  return {
    version: { epoch: version.epoch, sequence: version.sequence },
    committedAt,
    entries: entries.map(({ key, kind, value, expiresAt }) => ({
      key: textOf(key),
      kind,
      value: textOf(value),
      expiresAt,
    })),
    rangeDeletes: rangeDeletes.map(({ start, end }) => ({
      start: textOf(start),
      end: end === undefined ? undefined : textOf(end),
    })),
  };
}
