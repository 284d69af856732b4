import type { DatabaseId } from '@leasehold/foundation';
import { assert, crc32Of } from '@leasehold/foundation';

import type { Append } from './frame.js';
import type { RolledFrame } from './rollup.js';

/** Hears once what became of an append. Whoever is told takes part in the log's own step: it must not throw. */
export interface AppendListener {
  /** Its commits are durable, and so is everything of the database before them (S4). @param sequence of the last of them */
  durable(sequence: number): void;
  /** @param error UnknownOutcomeError: the session ended before (H5) */
  lost(error: Error): void;
}

/**
 * An append from when it is accepted until a confirmed head contains it, and the frame of it: one object for all that time, because there are
 * a hundred thousand between two flushes, and the collector goes through all of them.
 *
 * For the same reason its payload is no view that lies beside it, but one that is made when somebody asks: once for its segment, once for a
 * rollup.
 */
export class LoggedAppend implements RolledFrame {
  readonly databaseId: DatabaseId;
  readonly epoch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly payloadBytes: number;
  /** See {@link Append}; false from when that ends. */
  isShared: boolean;
  /** Number of the segment that holds it, once it is put; 0 before. */
  segment = 0;
  /** Once it is put. */
  previousSegment = 0;
  /** Already superseded by a head before it was put: nobody will ask the log for it. */
  needless = false;
  /** Of what is put: false once a head contains it. */
  needed = true;
  /** Where the payload lies; none once it is let go. */
  private memory: ArrayBufferLike | undefined;
  private readonly payloadAt: number;
  /** As an integer with a sign, which lies in this object: any other number of 32 bits is one of its own to V8. */
  private readonly signedChecksum: number;
  /** None once it was told. */
  private listener: AppendListener | undefined;

  constructor(append: Append, listener: AppendListener) {
    const { payload, payloadChecksum = crc32Of(payload) } = append;
    this.databaseId = append.databaseId;
    this.epoch = append.epoch;
    this.firstSequence = append.firstSequence;
    this.lastSequence = append.lastSequence;
    this.payloadBytes = payload.byteLength;
    this.signedChecksum = payloadChecksum | 0;
    this.isShared = append.isShared === true;
    this.memory = payload.buffer;
    this.payloadAt = payload.byteOffset;
    this.listener = listener;
  }

  /** A view. Only while it {@link isHeld}. */
  get payload(): Uint8Array {
    assert(this.memory !== undefined, 'a payload is not asked for once it is let go');
    return new Uint8Array(this.memory, this.payloadAt, this.payloadBytes);
  }

  get payloadChecksum(): number {
    return this.signedChecksum >>> 0;
  }

  /** Whether the payload is in memory still. */
  get isHeld(): boolean {
    return this.memory !== undefined;
  }

  /** Whoever needs the payload from here on reads it back. */
  letGo(): void {
    this.memory = undefined;
  }

  resolve(): void {
    const { listener } = this;
    this.listener = undefined;
    listener?.durable(this.lastSequence);
  }

  reject(error: Error): void {
    const { listener } = this;
    this.listener = undefined;
    listener?.lost(error);
  }
}
