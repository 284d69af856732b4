import type { Batch } from './batches.js';

/** Writes one batch under a name of its own. Whatever is written under the same name again changes nothing. */
export type Commit = (batch: Batch, idempotencyKey: string) => Promise<void>;

/**
 * Has several batches under way, and tells how far all of them are written without a gap. Batches that share a key are written one after
 * the other, so that the last one of the source is what stays.
 */
export class CommitsInOrder {
  /** In the order of the source. */
  private readonly underWay: Sent[] = [];
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly commit: (batch: Batch) => Promise<void>,
    private readonly maxUnderWay: number,
    /** Told of each batch whose predecessors are all written, and which is written itself. */
    private readonly onWritten: (batch: Batch) => void,
  ) {}

  /** Resolves when there is room for the next one. @throws what a commit threw */
  async send(batch: Batch): Promise<void> {
    const keys = new Set(batch.entries.map(({ key }) => Buffer.from(key).toString('latin1')));
    while (this.underWay.length >= this.maxUnderWay || this.underWay.some((other) => sharesKey(other.keys, keys))) {
      await this.next();
    }
    this.check();
    const sent: Sent = { batch, keys, isWritten: false, done: Promise.resolve() };
    sent.done = this.commit(batch).then(
      () => {
        sent.isWritten = true;
        this.advance();
      },
      (error: unknown) => {
        this.failure ??= { error };
      },
    );
    this.underWay.push(sent);
  }

  /** Resolves when everything is written. @throws what a commit threw, once none is under way any more */
  async end(): Promise<void> {
    await Promise.all(this.underWay.map(({ done }) => done));
    this.check();
  }

  private async next(): Promise<void> {
    await Promise.race(this.underWay.filter(({ isWritten }) => !isWritten).map(({ done }) => done));
    this.check();
  }

  private advance(): void {
    // Behind a failure nothing counts: an import that goes on later begins there.
    while (this.underWay[0]?.isWritten === true) this.onWritten((this.underWay.shift() as Sent).batch);
  }

  private check(): void {
    if (this.failure) throw this.failure.error;
  }
}

interface Sent {
  readonly batch: Batch;
  readonly keys: ReadonlySet<string>;
  isWritten: boolean;
  done: Promise<void>;
}

function sharesKey(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const key of b) if (a.has(key)) return true;
  return false;
}
