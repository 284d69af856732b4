import { CommitLog } from '@leasehold/commit-log';
import type { DatabaseIdentity, Entry, StoredHead } from '@leasehold/engine';
import { BlockCache, HeadStore } from '@leasehold/engine';
import type { DatabaseId, Random, TenantId, Version } from '@leasehold/foundation';
import { seededRandom, utf8 } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { Session, SessionWatch } from '@leasehold/lease';
import { hedgedReads, MemoryStore, reliableReads } from '@leasehold/object-store';
import { FaultyStore } from '@leasehold/object-store-testing';
import type { Precondition } from '@leasehold/protocol';

import type { AccessOptions } from '../src/access-options.js';
import { DatabaseAccess } from '../src/database-access.js';
import type { OwnershipContext } from '../src/context.js';
import { Maintenance } from '../src/maintenance.js';
import type { OwnershipSettings } from '../src/settings.js';
import { DEFAULT_OWNERSHIP_SETTINGS } from '../src/settings.js';
import type { Transaction, TransactionOutcome } from '../src/transaction/transaction.js';
import { WorkerLine } from './worker-line.js';

export const TTL_MS = 5_000;
/** S2: the ttl and a tenth, one listing before and one after it. */
export const TAKEOVER_MS = TTL_MS * 1.1 + 2_000;

export const NONE: Precondition = { kind: 'none' };
export const ABSENT: Precondition = { kind: 'absent' };

export function databaseNamed(number: number): DatabaseIdentity {
  return {
    databaseId: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as DatabaseId,
    tenantId: 'tenant-a' as TenantId,
    name: `database-${number}`,
  };
}

export interface TestWorkersOptions {
  readonly seed?: number;
}

/** Several workers over one bucket in memory, under one clock that stands still until a test moves it. */
export class TestWorkers {
  readonly clock = new FakeClock();
  readonly bucket = new MemoryStore(this.clock);
  readonly heads = new HeadStore({ store: this.bucket, clock: this.clock, random: seededRandom(99) });
  readonly all: TestWorker[] = [];
  private readonly random: Random;
  private launched = 0;

  constructor(options: TestWorkersOptions = {}) {
    this.random = seededRandom(options.seed ?? 1);
  }

  /** A worker that is ready to serve; without maintenance unless the test starts it. */
  start(settings: Partial<OwnershipSettings> = {}): Promise<TestWorker> {
    return this.settle(this.launch(settings));
  }

  /** The same for callers that do not move the clock themselves. */
  async launch(settings: Partial<OwnershipSettings> = {}): Promise<TestWorker> {
    const seed = Math.floor(this.random.fraction() * 2 ** 32);
    const number = ++this.launched;
    const worker = await TestWorker.start(this, number, seed, settings);
    this.all.push(worker);
    return worker;
  }

  settle<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    return this.clock.settle(promise, limitMs);
  }

  async headOf(database: DatabaseIdentity): Promise<StoredHead> {
    const stored = await this.heads.load(database.databaseId);
    if (stored === undefined) throw new Error('the database has no head');
    return stored;
  }

  /** Stops every timer, so that nothing runs on after a test. */
  stop(): void {
    for (const worker of this.all) worker.crash();
  }
}

/** One worker process, as apps/worker puts it together. */
export class TestWorker {
  readonly access: DatabaseAccess;
  readonly maintenance: Maintenance;
  readonly log: CommitLog;
  readonly context: OwnershipContext;
  /** What was told to listeners, as `what database`. */
  readonly told: string[] = [];
  /** As `cause, way`. */
  readonly coldStarts: string[] = [];
  readonly failures: { readonly what: string; readonly error: unknown }[] = [];

  static async start(
    workers: TestWorkers,
    number: number,
    seed: number,
    settings: Partial<OwnershipSettings>,
  ): Promise<TestWorker> {
    const { clock } = workers;
    const random = seededRandom(seed);
    const faulty = new FaultyStore(workers.bucket, clock, seededRandom(seed + 1));
    const line = new WorkerLine(faulty);
    const ctx = { store: reliableReads(hedgedReads(line, clock), clock, random), clock, random };
    const watch = new SessionWatch(ctx);
    await watch.start();
    const session = await Session.start(ctx, {
      endpoint: `http://worker-${number}`,
      pid: number,
      host: 'test',
      ttlMs: TTL_MS,
    });
    return new TestWorker(workers, line, faulty, session, watch, ctx, settings);
  }

  private constructor(
    readonly workers: TestWorkers,
    readonly line: WorkerLine,
    readonly faulty: FaultyStore,
    readonly session: Session,
    readonly watch: SessionWatch,
    ctx: Pick<OwnershipContext, 'store' | 'clock' | 'random'>,
    settings: Partial<OwnershipSettings>,
  ) {
    this.log = new CommitLog({ ...ctx, session });
    const tell = (what: string) => (databaseId: DatabaseId | undefined) => void this.told.push(`${what} ${databaseId}`);
    this.context = {
      ...ctx,
      session,
      watch,
      log: this.log,
      heads: new HeadStore(ctx),
      blocks: new BlockCache(16 * 1024 * 1024),
      settings: { ...DEFAULT_OWNERSHIP_SETTINGS, ...settings },
      events: {
        compactionWanted: tell('compaction'),
        claimed: tell('claimed'),
        coldStart: ({ cause, way }) => void this.coldStarts.push(`${cause}, ${way}`),
        released: tell('released'),
        quarantined: tell('quarantined'),
        failed: (what, _databaseId, error) => void this.failures.push({ what, error }),
      },
    };
    this.access = new DatabaseAccess(this.context);
    this.maintenance = new Maintenance(this.context, this.access.databases);
  }

  put(
    database: DatabaseIdentity,
    key: string,
    value: string,
    precondition: Precondition = NONE,
    options = patient(),
  ): Promise<Version> {
    return this.access.write(database, { key: utf8(key), value: utf8(value), precondition }, options);
  }

  delete(
    database: DatabaseIdentity,
    key: string,
    precondition: Precondition = NONE,
    options = patient(),
  ): Promise<Version> {
    return this.access.write(database, { key: utf8(key), value: undefined, precondition }, options);
  }

  /** As the routes do: the deadline is asked last (S1). */
  async entry(database: DatabaseIdentity, key: string, options = patient()): Promise<Entry | undefined> {
    const entry = await this.access.get(database, utf8(key), options);
    this.session.assertServing();
    return entry;
  }

  async get(database: DatabaseIdentity, key: string, options = patient()): Promise<string | undefined> {
    const entry = await this.entry(database, key, options);
    return entry && textOf(entry.value);
  }

  async list(database: DatabaseIdentity, options = patient()): Promise<Record<string, string>> {
    const { entries } = await this.access.scan(database, { limit: 1_000 }, options);
    this.session.assertServing();
    return Object.fromEntries(entries.map(({ key, value }) => [textOf(key), textOf(value)]));
  }

  /** Claims the database and nothing more: a first write would go along with the claim, and not through the log. */
  open(database: DatabaseIdentity, options = patient()): Promise<void> {
    return this.access.databases.use(database, options, () => Promise.resolve());
  }

  transact(database: DatabaseIdentity, tx: Partial<Transaction>, options = patient()): Promise<TransactionOutcome> {
    return this.access.transact(database, { checks: [], ops: [], ...tx }, options);
  }

  async release(database: DatabaseIdentity): Promise<void> {
    const open = this.opened(database);
    await this.access.databases.release(open);
  }

  /** The handle of a database that this worker has open. */
  opened(database: DatabaseIdentity) {
    const open = this.access.databases.open().find(({ id }) => id === database.databaseId);
    if (open === undefined) throw new Error('the worker does not have the database open');
    return open;
  }

  /** As on SIGTERM. */
  async drain(): Promise<void> {
    await this.maintenance.stop();
    await this.access.databases.drain();
    await this.log.idle();
    await this.session.sealClean();
    this.watch.stop();
  }

  /** As on SIGKILL; what it has sent may still land. */
  crash(): void {
    void this.maintenance.stop();
    this.session.stop();
    this.watch.stop();
  }
}

/** The options of a caller who waits for ever. */
export function patient(waitForOwner?: AccessOptions['waitForOwner']): AccessOptions {
  return { signal: new AbortController().signal, waitForOwner };
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
