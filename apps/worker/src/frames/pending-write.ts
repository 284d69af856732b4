import type { Linked, Version } from '@leasehold/foundation';
import type { Databases, DurabilityListener, OwnedDatabase } from '@leasehold/ownership';

import type { Work } from '../fairness/fair-schedule.js';
import type { FrameConnection } from './frame-connection.js';

/** Told what became of a write. */
export interface WriteLane {
  durable(write: PendingWrite): void;
  lost(write: PendingWrite, error: Error): void;
}

/** Where a write came from, and what it takes. */
export interface PendingWriteParts {
  readonly connection: FrameConnection;
  /** Of the frame. */
  readonly number: number;
  readonly head: string;
  readonly bodyBytes: number;
  readonly method: 'PUT' | 'DELETE';
  readonly databases: Databases;
  readonly database: OwnedDatabase;
  readonly work: Work;
  readonly writeUnits: number;
  /** Monotonic ms. */
  readonly beganMs: number;
  /** From then on it is waited for no longer. */
  readonly untilMs: number;
}

/** A write of the short way until it has its answer: one object, which is what the log tells, and what is in the list of those under way. */
export class PendingWrite implements DurabilityListener, Linked<PendingWrite> {
  newer: PendingWrite | undefined = undefined;
  older: PendingWrite | undefined = undefined;
  isOver = false;
  version: Version | undefined = undefined;
  /** When it had its number. */
  acceptedMs = 0;

  constructor(
    private readonly lane: WriteLane,
    readonly of: PendingWriteParts,
  ) {}

  durable(): void {
    this.lane.durable(this);
  }

  lost(error: Error): void {
    this.lane.lost(this, error);
  }
}
