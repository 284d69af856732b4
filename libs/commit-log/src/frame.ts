import type { DatabaseId } from '@leasehold/foundation';

/** Where a frame belongs, without what it says. */
export interface FrameHeader {
  readonly databaseId: DatabaseId;
  /** Epoch of the head under which the commits were accepted. */
  readonly epoch: number;
  /** The segment that holds this database's frame before this one in this epoch (S4); 0 = the first of its epoch. */
  readonly previousSegment: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** Commits of one database that were accepted together. */
export interface Frame extends FrameHeader {
  /** Opaque to the log. */
  readonly payload: Uint8Array;
  /** Its length, where asking for all of it costs more than that. */
  readonly payloadBytes?: number;
  /** CRC-32 of the payload, where somebody knows it already. */
  readonly payloadChecksum?: number;
}

/** A frame as it is handed to the log; where it goes, and after what, the log decides. */
export interface Append extends Omit<Frame, 'previousSegment' | 'payloadBytes'> {
  /**
   * Whoever appends keeps the memory of the payload as well until a head contains it, and tells of that at once, or that it keeps it no longer
   * (`CommitLog.unshared`): the log may keep it for as long, and has to read nothing back.
   */
  readonly isShared?: boolean;
}
