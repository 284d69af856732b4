import type { Entry } from '../entry.js';

/**
 * A place in entries ordered by (key, version descending), or exactly backwards. Where an entry is at hand, stepping costs
 * no promise: a scan awaits only what has to be fetched.
 */
export interface Cursor {
  /** Where it stands; undefined before {@link start} and past the end. */
  readonly entry: Entry | undefined;
  /** Moves to the first entry. */
  start(): Promise<void> | undefined;
  /** Moves on. */
  advance(): Promise<void> | undefined;
}

/** Over entries in memory. */
export class MemoryCursor implements Cursor {
  entry: Entry | undefined;

  constructor(private readonly entries: Iterator<Entry>) {}

  start(): undefined {
    return this.advance();
  }

  advance(): undefined {
    const step = this.entries.next();
    this.entry = step.done === true ? undefined : step.value;
    return undefined;
  }
}

/** One cursor after the other, each made when its turn comes: a sorted run. */
export class ChainedCursor implements Cursor {
  private present: Cursor | undefined;
  private next = 0;

  constructor(private readonly cursors: readonly (() => Cursor)[]) {}

  get entry(): Entry | undefined {
    return this.present?.entry;
  }

  start(): Promise<void> | undefined {
    return this.settle(undefined);
  }

  advance(): Promise<void> | undefined {
    return this.settle(this.present?.advance());
  }

  private settle(pending: Promise<void> | undefined): Promise<void> | undefined {
    if (pending !== undefined) return pending.then(() => this.skipEnded());
    return this.present?.entry === undefined ? this.skipEnded() : undefined;
  }

  private async skipEnded(): Promise<void> {
    while (this.present?.entry === undefined && this.next < this.cursors.length) {
      this.present = (this.cursors[this.next++] as () => Cursor)();
      await this.present.start();
    }
  }
}
