import { eventLoopTurn } from '@leasehold/foundation';
import type { Entry } from '../entry.js';
import { compareKeys } from '../entry.js';
import type { Cursor } from './cursor.js';

export interface MergeOptions {
  /** The cursors run backwards. */
  readonly reverse?: boolean;
  /** Commits after this sequence are passed over. */
  readonly throughSequence?: number;
}

/** Some milliseconds of work: so many entries are passed before others have their turn, also where all of them are in memory and dead. */
export const STEPS_PER_TURN = 4_096;

/**
 * Merges cursors into one pass over their keys, in order. Like a cursor it costs a promise only where something has to be fetched, or
 * where others have waited long enough.
 *
 * There are few cursors (memtables, inline run, L0, one for L1), so the least is found by looking at all: a heap would
 * cost more than it saves.
 */
export class KeyMerge {
  /** Of the present key the highest version, tombstones included; undefined before the first and past the last. */
  newest: Entry | undefined;
  /** How many older versions lie below it. */
  hidden = 0;
  private key: Uint8Array | undefined;
  private readonly reverse: boolean;
  private readonly through: number;
  private stepsLeft = STEPS_PER_TURN;

  constructor(
    private readonly cursors: readonly Cursor[],
    options: MergeOptions = {},
  ) {
    this.reverse = options.reverse ?? false;
    this.through = options.throughSequence ?? Number.MAX_SAFE_INTEGER;
  }

  /** Before the first {@link next}. The first fetches of all cursors go out at once. */
  start(): Promise<unknown> | undefined {
    const pending = this.cursors.map((cursor) => cursor.start()).filter((promise) => promise !== undefined);
    return pending.length === 0 ? undefined : Promise.all(pending);
  }

  /** Moves to the next key that has a version up to the sequence. */
  next(): Promise<void> | undefined {
    for (;;) {
      this.newest = undefined;
      this.hidden = -1;
      this.key = this.nextKey();
      if (this.key === undefined) return undefined;
      const pending = this.gather(0);
      if (pending !== undefined) return pending.then(() => (this.newest === undefined ? this.next() : undefined));
      if (this.newest !== undefined) return undefined;
    }
  }

  private nextKey(): Uint8Array | undefined {
    let next: Uint8Array | undefined;
    for (const { entry } of this.cursors) {
      if (entry === undefined) continue;
      if (next === undefined) {
        next = entry.key;
        continue;
      }
      const order = compareKeys(entry.key, next);
      if (this.reverse ? order > 0 : order < 0) next = entry.key;
    }
    return next;
  }

  /** Takes all versions of the key, and moves the cursors past it. */
  private gather(from: number): Promise<void> | undefined {
    const key = this.key as Uint8Array;
    for (let i = from; i < this.cursors.length; i++) {
      const cursor = this.cursors[i] as Cursor;
      for (let { entry } = cursor; entry !== undefined && compareKeys(entry.key, key) === 0; { entry } = cursor) {
        this.consider(entry);
        const pending = cursor.advance() ?? this.turn();
        if (pending !== undefined) return pending.then(() => this.gather(i));
      }
    }
    return undefined;
  }

  private turn(): Promise<void> | undefined {
    if (--this.stepsLeft > 0) return undefined;
    this.stepsLeft = STEPS_PER_TURN;
    return eventLoopTurn();
  }

  private consider(entry: Entry): void {
    const { sequence } = entry.version;
    if (sequence > this.through) return;
    this.hidden++;
    if (this.newest === undefined || sequence > this.newest.version.sequence) this.newest = entry;
  }
}
