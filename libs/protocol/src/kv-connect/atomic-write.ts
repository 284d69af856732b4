import type { Version } from '@leasehold/foundation';
import { decodeVersionstamp, encodeVersionstamp, VERSIONSTAMP_BYTES } from '@leasehold/foundation';

import { ProblemError } from '../problem.js';
import type { KvValue } from './kv-encoding.js';
import { encodingOfNumber, LE64_BYTES } from './kv-encoding.js';
import { KV_LIMITS } from './kv-limits.js';
import {
  boolField,
  bytesField,
  bytesTag,
  int32Field,
  int64Field,
  protoWriter,
  readFields,
  readMessage,
  varintTag,
} from './proto-fields.js';

/** What a client asks to be written, decoded and within {@link KV_LIMITS}. */
export interface KvAtomicWrite {
  readonly checks: readonly KvCheck[];
  readonly mutations: readonly KvMutation[];
}

export interface KvCheck {
  readonly key: Uint8Array;
  /** Undefined: there is no such key. */
  readonly version: Version | undefined;
}

export type KvMutation =
  | { readonly type: 'delete'; readonly key: Uint8Array }
  /** `setSuffixed`: the versionstamp of the commit becomes the last part of the key. */
  | {
      readonly type: 'set' | 'setSuffixed';
      readonly key: Uint8Array;
      readonly value: KvValue;
      /** Wall ms; undefined: it stays. */
      readonly expiresAt: number | undefined;
    }
  | { readonly type: 'sum' | 'min' | 'max'; readonly key: Uint8Array; readonly operand: bigint };

const TYPES: Readonly<Record<number, KvMutation['type']>> = {
  1: 'set',
  2: 'delete',
  3: 'sum',
  4: 'max',
  5: 'min',
  9: 'setSuffixed',
};
const NO_BYTES = new Uint8Array(0);

/**
 * The message `AtomicWrite`: `{ repeated Check checks = 1, repeated Mutation mutations = 2, repeated Enqueue enqueues = 3 }`.
 * @throws ProblemError invalid-body (queues, too), too-many-operations, key-too-long, invalid-key, value-too-large, transaction-too-large,
 *   invalid-version, invalid-expiry
 */
export function decodeAtomicWrite(body: Uint8Array): KvAtomicWrite {
  const checks: KvCheck[] = [];
  const mutations: KvMutation[] = [];
  let sizeBytes = 0;
  const count = (bytes: number): void => {
    sizeBytes += bytes;
    if (sizeBytes > KV_LIMITS.writeBytes) {
      throw new ProblemError('transaction-too-large', 'The total size of the atomic write is too large.');
    }
  };
  const addCheck = (bytes: Uint8Array): void => {
    if (checks.length === KV_LIMITS.checks) {
      throw new ProblemError('too-many-operations', 'Too many checks included in atomic write.');
    }
    const check = readCheck(bytes);
    count(check.key.byteLength);
    checks.push(check);
  };
  const addMutation = (bytes: Uint8Array): void => {
    if (mutations.length === KV_LIMITS.mutations) {
      throw new ProblemError('too-many-operations', 'Too many mutations / enqueues included in atomic write.');
    }
    const mutation = readMutation(bytes);
    count(mutation.key.byteLength + ('value' in mutation ? mutation.value.data.byteLength : 0));
    mutations.push(mutation);
  };
  const refuseQueues = (): void => {
    throw new ProblemError('invalid-body', 'queues are not supported: nothing is enqueued, and nothing was written');
  };
  readMessage('AtomicWrite', () =>
    readFields(body, { 1: bytesField(addCheck), 2: bytesField(addMutation), 3: bytesField(refuseQueues) }),
  );
  return { checks, mutations };
}

/** `Check`: `{ bytes key = 1, bytes versionstamp = 2 }`; without a versionstamp the key must not exist. */
function readCheck(bytes: Uint8Array): KvCheck {
  let key: Uint8Array = NO_BYTES;
  let stamp: Uint8Array = NO_BYTES;
  readFields(bytes, { 1: bytesField((read) => (key = read)), 2: bytesField((read) => (stamp = read)) });
  assertKey(key);
  if (stamp.byteLength === 0) return { key, version: undefined };
  if (stamp.byteLength !== VERSIONSTAMP_BYTES) throw new ProblemError('invalid-version', 'Invalid versionstamp.');
  return { key, version: decodeVersionstamp(stamp) };
}

/** A mutation as it comes, nothing checked. */
interface MutationFields {
  key: Uint8Array;
  value: Uint8Array | undefined;
  type: number;
  expireAtMs: number;
  /** One of the bounds is given that sums of numbers and bigints can have. */
  isBounded: boolean;
}

/**
 * `Mutation`: `{ bytes key = 1, KvValue value = 2, MutationType mutation_type = 3, int64 expire_at_ms = 4, bytes sum_min = 5, bytes sum_max = 6,
 * bool sum_clamp = 7 }`.
 */
function readMutation(bytes: Uint8Array): KvMutation {
  const said: MutationFields = { key: NO_BYTES, value: undefined, type: 0, expireAtMs: 0, isBounded: false };
  readFields(bytes, {
    1: bytesField((read) => (said.key = read)),
    2: bytesField((read) => (said.value = read)),
    3: int32Field((read) => (said.type = read)),
    4: int64Field((read) => (said.expireAtMs = read)),
    5: bytesField((read) => (said.isBounded ||= read.byteLength > 0)),
    6: bytesField((read) => (said.isBounded ||= read.byteLength > 0)),
    7: boolField((read) => (said.isBounded ||= read)),
  });
  const { key, value, expireAtMs, isBounded } = said;
  assertKey(key);
  const type = TYPES[said.type];
  if (type === 'delete') return { type, key };
  if (type === undefined || value === undefined) {
    throw new ProblemError('invalid-body', 'Invalid mutation kind or arguments.');
  }
  const read = readValue(value);
  if (type !== 'set' && type !== 'setSuffixed') return { type, key, operand: operandOf(type, read, isBounded) };
  return { type, key, value: read, expiresAt: expiryOf(expireAtMs) };
}

/** `KvValue`: `{ bytes data = 1, ValueEncoding encoding = 2 }`. */
function readValue(bytes: Uint8Array): KvValue {
  let data: Uint8Array = NO_BYTES;
  let number = 0;
  readFields(bytes, { 1: bytesField((read) => (data = read)), 2: int32Field((read) => (number = read)) });
  if (data.byteLength > KV_LIMITS.valueBytes) {
    throw new ProblemError('value-too-large', 'A value exceeds the value size limit.');
  }
  const encoding = encodingOfNumber(number);
  if (encoding === undefined || (encoding === 'le64' && data.byteLength !== LE64_BYTES)) {
    throw new ProblemError('invalid-body', 'The encoding of a value is unknown, or does not fit its length.');
  }
  return { encoding, data };
}

function operandOf(type: string, { encoding, data }: KvValue, isBounded: boolean): bigint {
  if (encoding !== 'le64' || isBounded) {
    throw new ProblemError('invalid-body', `Failed to perform '${type}' mutation on a non-U64 operand`);
  }
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).readBigUInt64LE();
}

/** What is too far away for an expiry, past the year 10,000, does not end. */
function expiryOf(ms: number): number | undefined {
  if (ms === 0 || ms === -1 || ms >= 2 ** 48) return undefined;
  if (ms > 0) return ms;
  throw new ProblemError('invalid-expiry', 'Invalid mutation expire at.');
}

function assertKey(key: Uint8Array): void {
  if (key.byteLength === 0) throw new ProblemError('invalid-key', 'A key is empty.');
  if (key.byteLength > KV_LIMITS.keyBytes) throw new ProblemError('key-too-long', 'A key exceeds the key size limit.');
}

/** How a write ended, as far as it is no refusal. */
export type KvWriteOutcome =
  | { readonly kind: 'committed'; readonly version: Version }
  | { readonly kind: 'check-failed'; readonly failedCheck: number | undefined }
  /** It may or may not have been applied. Clients do not repeat it by themselves, as they do after a 5xx. */
  | { readonly kind: 'unknown' };

const STATUSES: Readonly<Record<KvWriteOutcome['kind'], number>> = { unknown: 0, committed: 1, 'check-failed': 2 };

/** `AtomicWriteOutput`: `{ AtomicWriteStatus status = 1, bytes versionstamp = 2, repeated uint32 failed_checks = 4 }`. */
export function encodeAtomicWriteOutput(outcome: KvWriteOutcome): Uint8Array {
  const writer = protoWriter().uint32(varintTag(1)).int32(STATUSES[outcome.kind]);
  if (outcome.kind === 'committed') writer.uint32(bytesTag(2)).bytes(encodeVersionstamp(outcome.version));
  if (outcome.kind === 'check-failed' && outcome.failedCheck !== undefined) {
    writer.uint32(bytesTag(4)).fork().uint32(outcome.failedCheck).ldelim();
  }
  return writer.finish();
}
