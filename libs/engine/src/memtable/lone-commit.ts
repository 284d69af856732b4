import type { Version } from '@leasehold/foundation';

import type { Commit, Entry, EntryKind, IdempotencyRecord, RangeDelete, UsageCounters } from '../entry.js';
import { NEVER } from '../entry.js';
import { onlyEntryPlaces } from '../format/commit.js';
import { copyOf, ON_HEAP_BYTES, ownRangeDelete, ownRecord } from './own-bytes.js';

/** Of wall ms: both parts of any time that the formats can tell have 31 bits at most. */
const LOW_PART = 2 ** 30;

/**
 * A commit of one entry, and that entry: one object, where the two, their list, their counters and a view on the value would be seven. A worker
 * keeps a hundred thousand commits between two flushes, and the collector goes through all of them, again and again.
 *
 * The value lies in the encoded commit, which is what the log keeps: so what was written lies in memory once. Whoever asks for it gets a view
 * that is made then.
 */
export class LoneCommit implements Commit, Entry {
  /** Versions of one key share it: see {@link ownKey}. */
  key: Uint8Array;
  readonly version: Version;
  readonly kind: EntryKind;
  readonly rangeDeletes: readonly RangeDelete[];
  readonly idempotency: IdempotencyRecord | undefined;
  readonly valueBytes: number;
  /** Wall ms in two parts: a longer number is an object of its own to V8, and would be looked after until the flush. */
  private readonly committedHigh: number;
  private readonly committedLow: number;
  /** A number that is no integer takes an object of its own, and most have none. */
  private readonly expiry: number | undefined;
  /** A value that lies alone. */
  private readonly copied: Uint8Array | undefined;
  /** Where others lie: not the view on it that the log has, and lets go of first. */
  private readonly memory: ArrayBufferLike | undefined;
  private readonly valueAt: number;
  private readonly commits: number;
  private readonly writeUnits: number;
  private readonly writtenBytes: number;

  /**
   * @param entry the only one of the commit
   * @param encoded of this commit alone
   */
  constructor(commit: Commit, entry: Entry, encoded: Uint8Array) {
    const { keyAt, valueAt } = onlyEntryPlaces(commit, encoded.byteLength);
    const { rangeDeletes, idempotency, usage } = commit;
    const { key, value, expiresAt } = entry;
    this.key =
      key.length <= ON_HEAP_BYTES ? key : new Uint8Array(encoded.buffer, encoded.byteOffset + keyAt, key.length);
    this.version = commit.version;
    this.kind = entry.kind;
    this.committedHigh = (commit.committedAt / LOW_PART) | 0;
    this.committedLow = (commit.committedAt % LOW_PART) | 0;
    this.rangeDeletes = rangeDeletes.length === 0 ? rangeDeletes : rangeDeletes.map(ownRangeDelete);
    this.idempotency = idempotency && ownRecord(idempotency);
    this.valueBytes = value.length;
    this.expiry = expiresAt === NEVER ? undefined : expiresAt;
    // What is short is no reason to keep memory that nobody else needs after the log has let it go.
    const isCopied = value.length <= ON_HEAP_BYTES && encoded.byteLength === encoded.buffer.byteLength;
    this.copied = isCopied ? copyOf(value) : undefined;
    this.memory = isCopied ? undefined : encoded.buffer;
    this.valueAt = isCopied ? 0 : encoded.byteOffset + valueAt;
    this.commits = usage.commits;
    this.writeUnits = usage.writeUnits;
    this.writtenBytes = usage.writtenBytes;
  }

  get committedAt(): number {
    return this.committedHigh * LOW_PART + this.committedLow;
  }

  get value(): Uint8Array {
    return this.copied ?? new Uint8Array(this.memory as ArrayBufferLike, this.valueAt, this.valueBytes);
  }

  get expiresAt(): number {
    return this.expiry ?? NEVER;
  }

  get entries(): readonly Entry[] {
    return [this];
  }

  /** The entry for who looks at its value more than once. */
  get entry(): Entry {
    const { key, version, kind, value, expiresAt } = this;
    return { key, version, kind, value, expiresAt };
  }

  get usage(): UsageCounters {
    const { commits, writeUnits, writtenBytes } = this;
    return { commits, writeUnits, writtenBytes };
  }
}
