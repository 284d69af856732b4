import { createHash } from 'node:crypto';

import { compareBytes, prefixEnd, startsWith, type TenantId } from '@leasehold/foundation';
import type { ByteRange, SnapshotRequest, TransactionRequest } from '@leasehold/protocol';
import { ProblemError } from '@leasehold/protocol';

/**
 * Keeps a caller to the keys that begin with the prefix of its grant; without one, to nothing.
 *
 *     one key                  has to begin with it
 *     a listing, a feed        of no prefix is of this one; of another prefix, that has to begin with it. `start` and `end` only narrow it
 *     a range that is deleted, or checked in a transaction    has to lie inside as a whole: a part of what was asked for would be
 *                              another request. One that holds no key at all lies everywhere
 *     the database as a whole  is refused, where the answer tells of all keys
 *
 * What is outside is refused by its name alone, whether there is such a key or not.
 */
export class GrantedKeys {
  /** @param guest who asks, where the database was granted by another tenant */
  constructor(
    private readonly prefix: Uint8Array | undefined,
    private readonly guest?: TenantId,
  ) {}

  get isConfined(): boolean {
    return this.prefix !== undefined;
  }

  /** What is listed and followed where a request names no prefix. */
  get prefixOtherwise(): Uint8Array | undefined {
    return this.prefix;
  }

  /** @throws ProblemError outside-key-prefix */
  requireKey(key: Uint8Array, where = 'the key'): void {
    if (this.prefix !== undefined && !startsWith(key, this.prefix)) throw outside(where);
  }

  /** Of a listing or a feed. @throws ProblemError outside-key-prefix */
  requirePrefix(prefix: Uint8Array | undefined, where = 'the prefix'): void {
    this.requireKey(prefix ?? new Uint8Array(0), where);
  }

  /** @throws ProblemError outside-key-prefix */
  requireRange({ start, end }: ByteRange, where = 'the range'): void {
    if (this.prefix === undefined || isEmpty({ start, end })) return;
    const after = prefixEnd(this.prefix);
    const isFromHere = start !== undefined && compareBytes(start, this.prefix) >= 0;
    // A prefix of nothing but 0xFF has nothing behind it.
    const isToHere = after === undefined || (end !== undefined && compareBytes(end, after) <= 0);
    if (!isFromHere || !isToHere) throw outside(where);
  }

  /** @throws ProblemError outside-key-prefix, naming the first check or operation that is */
  requireTransaction({ checks, ops }: TransactionRequest): void {
    if (this.prefix === undefined) return;
    for (const [i, check] of checks.entries()) {
      if (check.kind === 'key') this.requireKey(check.key, `checks.${i}`);
      else this.requireRange(check.range, `checks.${i}.range`);
    }
    for (const [i, op] of ops.entries()) {
      if (op.op === 'deleteRange') this.requireRange(op.range, `ops.${i}.range`);
      else this.requireKey(op.key, `ops.${i}`);
    }
  }

  /** @throws ProblemError outside-key-prefix, naming the first get or list that is */
  requireSnapshot({ gets, lists }: SnapshotRequest): void {
    if (this.prefix === undefined) return;
    for (const [i, key] of gets.entries()) this.requireKey(key, `gets.${i}`);
    for (const [i, list] of lists.entries()) this.requirePrefix(list.prefix, `lists.${i}`);
  }

  /**
   * The idempotency key as the database remembers it: a confined caller has names of its own, and so has each tenant that the database was granted
   * to, so that they can neither take those of others nor learn which are taken.
   */
  ownName(idempotencyKey: string): string {
    if (this.guest !== undefined) {
      const hash = createHash('sha256').update(JSON.stringify([this.guest, this.confinedName(idempotencyKey)]));
      return `guest-${hash.digest('base64url')}`;
    }
    return this.confinedName(idempotencyKey);
  }

  private confinedName(idempotencyKey: string): string {
    if (this.prefix === undefined) return idempotencyKey;
    const length = `${this.prefix.byteLength} `;
    const hash = createHash('sha256').update(length).update(this.prefix).update(idempotencyKey);
    return `confined-${hash.digest('base64url')}`;
  }

  /** @throws ProblemError outside-key-prefix */
  requireAll(where: string): void {
    if (this.prefix !== undefined) throw outside(where);
  }
}

function isEmpty({ start, end }: ByteRange): boolean {
  return start !== undefined && end !== undefined && compareBytes(start, end) >= 0;
}

function outside(where: string): ProblemError {
  return new ProblemError('outside-key-prefix', `${where}: lies outside the key prefix of the caller`);
}
