import type { DatabaseId } from '@leasehold/foundation';

import type { Append, Frame } from './frame.js';

/** Hears once what became of an append. Whoever is told takes part in the log's own step: it must not throw. */
export interface AppendListener {
  /** Its commits are durable, and so is everything of the database before them (S4). @param sequence of the last of them */
  durable(sequence: number): void;
  /** @param error UnknownOutcomeError: the session ended before (H5) */
  lost(error: Error): void;
}

/** An accepted append until it is durable; and the frame of it, for as long as that is kept in memory. */
export class PendingAppend implements Frame {
  readonly databaseId: DatabaseId;
  readonly epoch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly payload: Uint8Array;
  readonly payloadChecksum: number | undefined;
  /** Number of the segment that holds it, once it is put. */
  segment: number | undefined = undefined;
  /** Once it is put. */
  previousSegment = 0;
  /** Already superseded by a head before it was put: nobody will ask the log for it. */
  needless = false;

  constructor(
    append: Append,
    private readonly listener: AppendListener,
  ) {
    this.databaseId = append.databaseId;
    this.epoch = append.epoch;
    this.firstSequence = append.firstSequence;
    this.lastSequence = append.lastSequence;
    this.payload = append.payload;
    this.payloadChecksum = append.payloadChecksum;
  }

  resolve(): void {
    this.listener.durable(this.lastSequence);
  }

  reject(error: Error): void {
    this.listener.lost(error);
  }
}
