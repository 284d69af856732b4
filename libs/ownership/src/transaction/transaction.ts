import type { Version } from '@leasehold/foundation';
import type { KeyRange } from '@leasehold/engine';
import type { Precondition } from '@leasehold/protocol';

/**
 * All of it or nothing, as one commit. Checks are judged on the state before it, operations are applied in order: a later one sees
 * the earlier ones. At most {@link TRANSACTION_LIMITS} of either.
 *
 * Arrays of bytes must not be changed once they are handed over.
 */
export interface Transaction {
  readonly checks: readonly Check[];
  readonly ops: readonly Operation[];
  /** The same key with the same digest is applied once in 24 hours, however often and wherever it is sent. */
  readonly idempotencyKey?: IdempotencyKey;
  /** It only deletes, and adds nothing to the counter of write units: its owner may delete past a budget. */
  readonly isUnbilled?: boolean;
}

export interface IdempotencyKey {
  /** 1 … 255 bytes. */
  readonly key: Uint8Array;
  /** Of the request, 16 bytes: tells a repetition from another request under the same key. */
  readonly digest: Uint8Array;
}

export type Check =
  | { readonly kind: 'key'; readonly key: Uint8Array; readonly precondition: Precondition }
  /** Nothing in the range was written, deleted or has expired after the commit of this sequence. */
  | { readonly kind: 'range'; readonly range: KeyRange; readonly since: number };

export type Operation =
  PutOperation | DeleteOperation | { readonly op: 'deleteRange'; readonly range: KeyRange } | CounterOperation;

export interface DeleteOperation {
  readonly op: 'delete';
  readonly key: Uint8Array;
}

/** What touches one key, and does not ask what is there. */
export type PlainOperation = (PutOperation & { readonly op: 'put' }) | DeleteOperation;

/** When what an operation writes ends: at a time, or so long after its commit. Not both. */
export interface EntryLifetime {
  /** Wall ms since the Unix epoch from which on the key counts as absent. */
  readonly expiresAt?: number;
  /** From the time of the commit on, which is not known before its turn: a write may wait for seconds. */
  readonly ttlMs?: number;
}

/** Without a lifetime the key stays. */
export interface PutOperation extends EntryLifetime {
  /** `putVersionstamped`: behind the key stands the version of the commit, see {@link versionstampedKey}. */
  readonly op: 'put' | 'putVersionstamped';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * Arithmetic on a value that is an unsigned number of 64 bits, least byte first (as the KvU64 of Deno KV). A key that does not exist
 * takes the operand. `sum` wraps modulo 2^64. Without a lifetime the key keeps the expiry that it has.
 */
export interface CounterOperation extends EntryLifetime {
  readonly op: 'sum' | 'min' | 'max';
  readonly key: Uint8Array;
  /** 0 … 2^64 − 1. */
  readonly operand: bigint;
  /** What stands before the 8 bytes in the stored value, where values carry their type (KV Connect); nothing by default. */
  readonly prefix?: Uint8Array;
}

/** A write that depends on nothing but whether it was applied already. */
export interface PlainWrite {
  readonly op: PlainOperation;
  readonly idempotencyKey?: IdempotencyKey;
}

export interface TransactionOutcome {
  /** Of the commit; of one without operations, the last durable commit that its checks have seen. */
  readonly version: Version;
  /**
   * - `committed`: durable now
   * - `repeated`: an earlier request under the same idempotency key was applied, at this version
   * - `nothing`: there were no operations. No put stands behind this answer, so it rests on the deadline of the session (S1).
   */
  readonly effect: 'committed' | 'repeated' | 'nothing';
  /** What this request has added to the counter of write units: 0 unless it was committed now, and is billed. */
  readonly writeUnits: number;
}

/** How long an idempotency key is remembered. */
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1000;
