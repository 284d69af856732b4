import { utf8 } from '@leasehold/foundation';
import { z } from 'zod';

import type { MemberPath } from './body-schemas.js';
import { bytesOf, keyMembers, keyOf, rangeOf, rangeSchema, wrong } from './body-schemas.js';
import { memberName, parseJsonBody, validated } from './json-body.js';
import type { Lifetime } from './lifetime.js';
import { isTtl } from './lifetime.js';
import { LIMITS } from './limits.js';
import { parseTime, parseVersionstamp } from './point-in-time.js';
import type { Precondition } from './precondition.js';
import { ProblemError } from './problem.js';
import { RawJson } from './strict-json.js';
import type { TransactionCheck, TransactionOperation, TransactionRequest } from './transaction-request.js';
import { transactionBytes } from './transaction-request.js';

/** `json` of an operation is stored as it was written. */
const JSON_VALUE = { depth: 3, name: 'json' };
const MAX_OPERAND = 2n ** 64n - 1n;

const lifetimeMembers = { ttlSeconds: z.number().optional(), expiresAt: z.string().optional() };
const valueMembers = {
  value: z.string().optional(),
  value64: z.string().optional(),
  json: z.instanceof(RawJson).optional(),
};
const counterSchema = (op: 'sum' | 'min' | 'max') =>
  z.strictObject({
    op: z.literal(op),
    ...keyMembers,
    operand: z.union([z.number(), z.string()]),
    ...lifetimeMembers,
  });

const bodySchema = z.strictObject({ checks: z.array(z.unknown()).default([]), ops: z.array(z.unknown()).default([]) });
/** Of the documentation; the body is checked part by part, so that each refusal names its place. */
export const transactionSchema = () =>
  z.strictObject({
    checks: z
      .array(z.union([keyCheckSchema, rangeCheckSchema]))
      .max(LIMITS.transactionParts)
      .optional(),
    ops: z.array(operationSchema).max(LIMITS.transactionParts).optional(),
  });

const keyCheckSchema = z.strictObject({ ...keyMembers, version: z.string().nullable() });
const rangeCheckSchema = z.strictObject({ range: rangeSchema, since: z.string() });
const operationSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('put'), ...keyMembers, ...valueMembers, ...lifetimeMembers }),
  z.strictObject({ op: z.literal('delete'), ...keyMembers }),
  z.strictObject({ op: z.literal('deleteRange'), range: rangeSchema }),
  counterSchema('sum'),
  counterSchema('min'),
  counterSchema('max'),
]);

/**
 * The body of `POST transactions`.
 *
 *     {"checks": [{"key" | "key64", "version": "…" | null | "*"} | {"range": {…}, "since": "…"}],
 *      "ops": [{"op": "put", "key" | "key64", "value" | "value64" | "json", "ttlSeconds" | "expiresAt"}
 *            | {"op": "delete", "key" | "key64"}
 *            | {"op": "sum" | "min" | "max", "key" | "key64", "operand", "ttlSeconds" | "expiresAt"}
 *            | {"op": "deleteRange", "range": {…}}]}
 *
 * @throws ProblemError invalid-body, invalid-key, key-too-long, value-too-large, invalid-range, invalid-expiry, too-many-operations,
 *   transaction-too-large
 */
export function parseTransactionBody(body: Uint8Array): TransactionRequest {
  const { checks, ops } = validated(bodySchema, parseJsonBody(body, JSON_VALUE));
  if (checks.length + ops.length > LIMITS.transactionParts) {
    const limit = `a transaction has at most ${LIMITS.transactionParts} checks and operations`;
    throw new ProblemError('too-many-operations', limit);
  }
  const request: TransactionRequest = {
    checks: checks.map((check, i) => checkOf(check, ['checks', i])),
    ops: ops.map((op, i) => operationOf(op, ['ops', i])),
  };
  if (transactionBytes(request) > LIMITS.transactionBytes) {
    const limit = `keys and values of a transaction have at most ${LIMITS.transactionBytes} bytes together`;
    throw new ProblemError('transaction-too-large', limit);
  }
  return request;
}

function checkOf(value: unknown, at: MemberPath): TransactionCheck {
  const isRange = typeof value === 'object' && value !== null && Object.hasOwn(value, 'range');
  if (isRange) {
    const { range, since } = validated(rangeCheckSchema, value, at);
    const version = parseVersionstamp(since);
    if (version === undefined) throw wrong([...at, 'since'], 'is a version as answered');
    return { kind: 'range', range: rangeOf(range, [...at, 'range']), since: version.sequence };
  }
  const members = validated(keyCheckSchema, value, at);
  return { kind: 'key', key: keyOf(members, at), precondition: preconditionOf(members.version, [...at, 'version']) };
}

function preconditionOf(text: string | null, at: MemberPath): Precondition {
  if (text === null) return { kind: 'absent' };
  if (text === '*') return { kind: 'present' };
  const version = parseVersionstamp(text);
  if (version === undefined) throw wrong(at, 'is a version as answered, null (no such key) or "*" (any)');
  return { kind: 'version', version };
}

function operationOf(value: unknown, at: MemberPath): TransactionOperation {
  const members = validated(operationSchema, value, at);
  switch (members.op) {
    case 'put':
      return { op: 'put', key: keyOf(members, at), value: valueOf(members, at), ...lifetimeOf(members, at) };
    case 'delete':
      return { op: 'delete', key: keyOf(members, at) };
    case 'deleteRange':
      return { op: 'deleteRange', range: rangeOf(members.range, [...at, 'range']) };
    default: {
      const operand = operandOf(members.operand, [...at, 'operand']);
      return { op: members.op, key: keyOf(members, at), operand, ...lifetimeOf(members, at) };
    }
  }
}

function valueOf({ value, value64, json }: z.output<z.ZodObject<typeof valueMembers>>, at: MemberPath): Uint8Array {
  const bytes = bytesOf(value, value64, 'value', at);
  if ((bytes === undefined) === (json === undefined)) throw wrong(at, 'give value, value64 or json, one of them');
  const stored = bytes ?? utf8(json?.text ?? '');
  if (stored.byteLength <= LIMITS.valueBytes) return stored;
  throw new ProblemError('value-too-large', `${memberName(at)}: values have at most ${LIMITS.valueBytes} bytes`);
}

function lifetimeOf(
  { ttlSeconds, expiresAt }: z.output<z.ZodObject<typeof lifetimeMembers>>,
  at: MemberPath,
): { readonly lifetime?: Lifetime } {
  if (ttlSeconds !== undefined && expiresAt !== undefined) throw wrong(at, 'give ttlSeconds or expiresAt, not both');
  if (ttlSeconds !== undefined) {
    if (isTtl(ttlSeconds)) return { lifetime: { ttlSeconds } };
    const limit = `a whole number of seconds, 1 to ${LIMITS.ttlSeconds}`;
    throw new ProblemError('invalid-expiry', `${memberName(at)}: ttlSeconds is ${limit}`);
  }
  if (expiresAt === undefined) return {};
  const timeMs = parseTime(expiresAt);
  if (timeMs !== undefined) return { lifetime: { expiresAt: timeMs } };
  throw new ProblemError('invalid-expiry', `${memberName(at)}: expiresAt is a time of RFC 3339 after 1970`);
}

/** A JSON number only as far as every parser reads it the same; beyond, decimal digits in a string. */
function operandOf(operand: number | string, at: MemberPath): bigint {
  const isExact =
    typeof operand === 'number' ? Number.isSafeInteger(operand) : /^(?:0|[1-9][0-9]{0,19})$/.test(operand);
  const number = isExact ? BigInt(operand) : -1n;
  if (number >= 0n && number <= MAX_OPERAND) return number;
  throw wrong(at, 'is a whole number from 0 to 2^64 - 1; above 2^53 - 1 as a string of digits');
}
