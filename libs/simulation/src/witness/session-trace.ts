import type { DatabaseId, SessionId } from '@leasehold/foundation';
import type { RollupRange, SessionRecord } from '@leasehold/lease';

import type { LandedFrame } from './chain.js';
import { Chain } from './chain.js';

/** How many numbers a session may be ahead of its oldest unconfirmed segment (S4), and a sealer has to fill. */
export const WINDOW = 64;

export interface SegmentTrace {
  readonly kind: 'data' | 'seal';
  readonly etag: string;
  readonly frames: readonly LandedFrame[];
  /** It landed when the record was gone: of whoever had read the record before. Nobody reads this log any more. */
  readonly isAfterPurge: boolean;
  isPresent: boolean;
}

export interface RollupTrace extends RollupRange {
  readonly etag: string;
  readonly frames: readonly LandedFrame[];
  isPresent: boolean;
}

/** What the bucket has ever held of one session, and holds now. */
export class SessionTrace {
  /** In the bucket; undefined before the first and after its deletion. */
  record: SessionRecord | undefined;
  /** There was a record once. */
  hasBegun = false;
  /** By the bucket's clock, of the last edit of the record. */
  editedAt = 0;
  /** Of the last record; it stays when the record goes. */
  floor = 1;
  readonly segments = new Map<number, SegmentTrace>();
  readonly rollups = new Map<string, RollupTrace>();
  private readonly chains = new Map<string, Chain>();
  private lowest = 1;

  constructor(readonly id: SessionId) {}

  /** The lowest number at which no data has ever landed: nothing from here on can be confirmed without a gap. */
  get lowestWithoutData(): number {
    while (this.segments.get(this.lowest)?.kind === 'data') this.lowest++;
    return this.lowest;
  }

  /** All that it has left is purged, or about to be. */
  get isPurged(): boolean {
    return this.hasBegun && this.record === undefined;
  }

  /** S3: from the lowest seal on, below which everything from the floor on exists, all numbers of the window exist. */
  get isClosed(): boolean {
    let number = this.floor;
    while (this.segments.get(number)?.kind === 'data') number++;
    for (let i = 0; i < WINDOW; i++) if (!this.segments.has(number + i)) return false;
    return this.segments.get(number)?.kind === 'seal';
  }

  chain(databaseId: DatabaseId, epoch: number): Chain {
    const key = `${databaseId} ${epoch}`;
    let chain = this.chains.get(key);
    if (chain === undefined) this.chains.set(key, (chain = new Chain()));
    return chain;
  }

  /** Of every frame's database and epoch. */
  *chainsOfAll(): Generator<{ readonly databaseId: DatabaseId; readonly epoch: number; readonly chain: Chain }> {
    for (const chain of this.chains.values()) {
      const [first] = chain.frames;
      if (first !== undefined) yield { databaseId: first.databaseId, epoch: first.epoch, chain };
    }
  }

  rollup({ from, to }: RollupRange): RollupTrace | undefined {
    return this.rollups.get(`${from}-${to}`);
  }

  isNamed({ from, to }: RollupRange): boolean {
    return this.record?.rollups.some((named) => named.from === from && named.to === to) === true;
  }
}
