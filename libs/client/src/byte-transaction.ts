import type { ByteCheck, ByteOperation } from './byte-commit.js';
import { touchedBounds } from './byte-commit.js';
import type { ByteDatabase, ByteReads, ByteSnapshot } from './byte-database.js';
import { compareBytes } from './bytes.js';
import { ConflictError, InvalidError, LeaseholdError } from './errors.js';
import type { Bounds, ByteKey, ByteRange, DeletedRange } from './key-range.js';
import { boundsOf, isWithin, keyBytes } from './key-range.js';
import type { CommitOptions, LifetimeOptions, ListOptions, Version } from './options.js';
import { entriesInAll } from './options.js';
import type { Platform } from './platform.js';
import { ReadSet } from './read-set.js';
import type { RetrySettings } from './retry-policy.js';
import { jitter } from './retry-policy.js';
import type { ByteEntry } from './wire.js';

/**
 * Under the `idempotencyKey` the commit is sent, in each run. What was committed under it before is not committed again: the run then ends with what its `work` returned if it
 * comes to the same commit, and with a `ConflictError` `idempotency-key-reused` if it comes to another one.
 */
export interface TransactOptions extends CommitOptions {
  /** How often the work is run at most before it fails with a `ConflictError`; 20 by default. */
  readonly attempts?: number | undefined;
}

/** Between runs of the work: shorter than between attempts of a call, for nothing is broken. */
const CONFLICTS: RetrySettings = { attempts: 20, baseDelayMs: 20, maxDelayMs: 1_000 };
const DEFAULT_PAGE_SIZE = 500;

/**
 * One run of the work of a transaction. All reads show one state, that of the first of them; what was read is checked when the writes are applied. Writes
 * are collected, and applied together after the work: reads do not show them, and reading what was written before in the same run is refused.
 */
export class ByteTransaction {
  private readonly reads = new ReadSet();
  private readonly demands: ByteCheck[] = [];
  private readonly ops: ByteOperation[] = [];
  private readonly written: (Uint8Array | Bounds)[] = [];
  private readonly pending: Promise<void>[] = [];
  private state: Promise<Version> | undefined;
  private isEnded = false;

  constructor(
    private readonly database: ByteDatabase,
    private readonly options: CommitOptions,
  ) {}

  async get(key: ByteKey): Promise<ByteEntry | undefined> {
    return (await this.getMany([key]))[0];
  }

  /** In one trip, by the positions of the keys. At most 1,000. */
  async getMany(keys: readonly ByteKey[]): Promise<(ByteEntry | undefined)[]> {
    const asked = keys.map(keyBytes);
    for (const key of asked) this.refuseOwn({ start: key, end: undefined }, key);
    const { gets } = await this.read({ gets: asked });
    for (const [at, key] of asked.entries()) this.reads.readKey(key, gets[at]?.version ?? null);
    return [...gets];
  }

  /** What it shows is checked like keys that are read, and that nothing was added in between. */
  async *list(options: ByteRange & Omit<ListOptions, 'at' | 'signal'> = {}): AsyncIterableIterator<ByteEntry> {
    const { limit, pageSize = DEFAULT_PAGE_SIZE, reverse = false, ...range } = options;
    const bounds = boundsOf(range);
    this.refuseOwn(bounds);
    let left = entriesInAll(limit);
    let cursor: string | null | undefined;
    let seen: Bounds | undefined;
    // Ends with the range, as every listing does.
    while (left > 0 && cursor !== null) {
      const { lists } = await this.read({ lists: [{ ...range, reverse, limit: Math.min(left, pageSize), cursor }] });
      const [page] = lists;
      if (page === undefined) return;
      const isWhole = page.cursor === null;
      seen = this.reads.readRange(bounds, isWhole ? undefined : page.entries.at(-1)?.key, reverse, seen);
      yield* page.entries;
      left -= page.entries.length;
      cursor = page.cursor;
    }
  }

  /** @param value one that is not known yet is waited for before the commit */
  put(key: ByteKey, value: Uint8Array | Promise<Uint8Array>, lifetime: LifetimeOptions = {}): void {
    // By what it is not: bytes may come from another realm, or as another view of a buffer.
    if (!('then' in value)) return this.write({ op: 'put', key, value, ...lifetime });
    const place = this.ops.length;
    this.write({ op: 'put', key, value: new Uint8Array(0), ...lifetime });
    const ready = value.then((value) => void (this.ops[place] = { op: 'put', key, value, ...lifetime }));
    // What fails here fails the commit.
    ready.catch(() => undefined);
    this.pending.push(ready);
  }

  delete(key: ByteKey): void {
    this.write({ op: 'delete', key });
  }

  deleteRange(range: DeletedRange<ByteRange>): void {
    this.write({ op: 'deleteRange', range });
  }

  /** Adds to an unsigned number of 64 bits, which wraps; without reading it, so that two who add are not in each other's way. */
  sum(key: ByteKey, operand: bigint | number, lifetime: LifetimeOptions = {}): void {
    this.write({ op: 'sum', key, operand, ...lifetime });
  }

  min(key: ByteKey, operand: bigint | number, lifetime: LifetimeOptions = {}): void {
    this.write({ op: 'min', key, operand, ...lifetime });
  }

  max(key: ByteKey, operand: bigint | number, lifetime: LifetimeOptions = {}): void {
    this.write({ op: 'max', key, operand, ...lifetime });
  }

  /**
   * Demands a version that is known from elsewhere, `null` (no such key) or `'*'` (any). Where it does not hold the transaction fails with a `ConflictError`, without
   * another run.
   */
  check(key: ByteKey, version: Version | null | '*'): void {
    this.demandOpen();
    this.demands.push({ key, version });
  }

  /** What the run has come to. Without writes and demands there is nothing to apply: what was read was one state. */
  async commit(): Promise<void> {
    if (this.ops.length + this.demands.length === 0) return;
    await Promise.all(this.pending);
    const reads = this.state === undefined ? [] : this.reads.checks(await this.state);
    const checks = [...this.demands, ...reads];
    await this.database.commit({ checks, ops: this.ops }, this.options);
  }

  /** Whether another run may succeed after this error of the work or of the commit: the state that was read is forgotten, or what was read has changed. */
  canRunAgain(error: unknown, isOfCommit: boolean): boolean {
    if (!(error instanceof LeaseholdError)) return false;
    if (error.code === 'history-gone') return this.state !== undefined;
    const failed = isOfCommit && error instanceof ConflictError ? error.failedCheck : undefined;
    return failed !== undefined && failed >= this.demands.length;
  }

  /** @internal What comes later, of a promise that nobody waited for, would be lost, or be read and not checked. */
  end(): void {
    this.isEnded = true;
  }

  /** @throws InvalidError the work has returned, or failed */
  private demandOpen(): void {
    if (!this.isEnded) return;
    throw new InvalidError({
      code: 'transaction-ended',
      message: 'the run of the transaction has ended: wait for its reads before the work returns',
    });
  }

  private async read(reads: ByteReads): Promise<ByteSnapshot> {
    this.demandOpen();
    const snapshot = await this.snapshot(reads);
    this.demandOpen();
    return snapshot;
  }

  private async snapshot(reads: ByteReads): Promise<ByteSnapshot> {
    const { database } = this;
    const { signal } = this.options;
    if (this.state !== undefined) return database.read({ ...reads, at: await this.state, signal });
    const first = database.read({ ...reads, signal });
    this.state = first.then(({ version }) => version);
    // Who asked hears of it.
    this.state.catch(() => undefined);
    return first;
  }

  private write(operation: ByteOperation): void {
    this.demandOpen();
    this.written.push(touchedBounds(operation));
    this.ops.push(operation);
  }

  /** @throws InvalidError some of it was written before */
  private refuseOwn(range: Bounds, key?: Uint8Array): void {
    const isTouched = this.written.some((own) => {
      if (own instanceof Uint8Array) return key === undefined ? isWithin(own, range) : compareBytes(own, key) === 0;
      return key === undefined ? overlap(own, range) : isWithin(key, own);
    });
    if (!isTouched) return;
    throw new InvalidError({
      code: 'read-after-write',
      message: 'a transaction reads what was there before it: read first, then write',
    });
  }
}

/** The work is run again while others change what it reads. */
export async function runTransaction<T>(
  database: ByteDatabase,
  platform: Platform,
  work: (transaction: ByteTransaction) => Promise<T> | T,
  { attempts = CONFLICTS.attempts, signal, idempotencyKey }: TransactOptions,
): Promise<T> {
  // Ends with the last of the attempts.
  for (let run = 1; ; run++) {
    signal?.throwIfAborted();
    const transaction = new ByteTransaction(database, { signal, idempotencyKey });
    let isDone = false;
    try {
      const result = await work(transaction);
      isDone = true;
      transaction.end();
      await transaction.commit();
      return result;
    } catch (error) {
      transaction.end();
      if (!transaction.canRunAgain(error, isDone) || run >= attempts) throw error;
    }
    await platform.sleep(jitter(run, CONFLICTS, platform.random()), signal);
  }
}

function overlap(a: Bounds, b: Bounds): boolean {
  const isBefore = (end: Uint8Array | undefined, start: Uint8Array | undefined) =>
    end !== undefined && start !== undefined && compareBytes(end, start) <= 0;
  return !isBefore(a.end, b.start) && !isBefore(b.end, a.start);
}
