import type { DatabaseIdentity } from '@leasehold/engine';
import { collectGarbage, compactDatabase } from '@leasehold/engine';
import type { Random, SessionId } from '@leasehold/foundation';
import { isLeaseholdError, seededRandom } from '@leasehold/foundation';
import { reliableReads } from '@leasehold/object-store';
import type { FaultRates } from '@leasehold/object-store-testing';
import { FaultyStore } from '@leasehold/object-store-testing';
import type { Precondition } from '@leasehold/protocol';

import type { AccessOptions } from '../src/databases.js';
import { MisdirectedError, PreconditionFailedError } from '../src/errors.js';
import type { OwnershipSettings } from '../src/settings.js';
import type { Write } from './history.js';
import { History } from './history.js';
import { Ledger } from './ledger.js';
import { LedgerClient } from './ledger-client.js';
import type { TestWorker } from './test-workers.js';
import { ABSENT, databaseNamed, NONE, TestWorkers, textOf, TTL_MS } from './test-workers.js';

const WORKERS = 3;
const DATABASES = [databaseNamed(1), databaseNamed(2), databaseNamed(3)];
const KEYS = ['k0', 'k1', 'k2'];
const CLIENTS = 4;
const OPERATIONS = 24;
/** Of the operations that are transactions, snapshots and feeds. */
const LEDGER_SHARE = 0.4;
const TRIES = 15;
/** Some values are so large that a database outgrows its head. */
const LARGE_BYTES = 36 * 1024;

const RATES: FaultRates = { 'fail-before': 0.03, 'fail-after': 0.03, late: 0.02, refuse: 0.02, delay: 0.25 };

/** Longer than a settlement goes on by itself: what was under way stays unknown. */
const CUT_MS = 32_000;

/** Everything happens soon. */
const SETTINGS: Partial<OwnershipSettings> = {
  idleReleaseMs: 1_500,
  flushBytes: 60 * 1024,
  maxUnflushedBytes: 150 * 1024,
  compactAtL0Files: 2,
  refuseAtL0Files: 12,
  claimAfterColdReads: 4,
  maintenanceIntervalMs: 300,
};

/** After these the same request may be sent again, anywhere: they promise that nothing was applied. */
const HARMLESS = new Set([
  'misdirected',
  'owner-unavailable',
  'service-draining',
  'session-expired',
  'store-unavailable',
  'overloaded',
  'session-busy',
]);

/** What a run has met, for assertions that it met anything. */
export interface TurmoilCounts {
  acknowledged: number;
  unknown: number;
  disclaimed: number;
  claims: number;
  releases: number;
  kills: number;
  drains: number;
  stalls: number;
  cuts: number;
  unclearReleases: number;
  compactions: number;
  collectedFiles: number;
  faults: number;
}

/**
 * Workers, clients and a compactor at work over one bucket, while workers are killed, stopped and drained and requests to the
 * bucket fail in every way. Everything is drawn from one seed: the same seed gives the same run.
 */
export class Turmoil {
  readonly history = new History();
  readonly ledger = new Ledger();
  /** What the ledger, judged by everything that was committed in the end, breaks. */
  readonly ledgerFaults: string[] = [];
  readonly workers: TestWorkers;
  readonly counts: TurmoilCounts = {
    acknowledged: 0,
    unknown: 0,
    disclaimed: 0,
    claims: 0,
    releases: 0,
    kills: 0,
    drains: 0,
    stalls: 0,
    cuts: 0,
    unclearReleases: 0,
    compactions: 0,
    collectedFiles: 0,
    faults: 0,
  };
  private readonly random: Random;
  private readonly alive: TestWorker[] = [];
  private over = false;
  private values = 0;

  constructor(private readonly seed: number) {
    this.workers = new TestWorkers({ seed });
    this.random = seededRandom(seed + 1);
  }

  /** Clients at work until all have done their operations; then faults end and every reading is taken again from scratch. */
  async run(): Promise<void> {
    for (let i = 0; i < WORKERS; i++) this.admit(await this.workers.start(SETTINGS));
    const clients = Array.from({ length: CLIENTS }, (_, number) => this.client(number));
    const trouble = [this.troublemaker(), this.compactor()];
    await this.workers.settle(Promise.all(clients));
    this.over = true;
    await this.workers.settle(Promise.all(trouble));
    for (const worker of this.workers.all) {
      worker.line.mend();
      worker.faulty.setRates({});
      await worker.faulty.landAll();
      this.counts.faults += worker.faulty.trace.length;
      this.counts.claims += worker.told.filter((told) => told.startsWith('claimed')).length;
      this.counts.releases += worker.told.filter((told) => told.startsWith('released')).length;
    }
    await this.readEverything();
  }

  /** Warm, from whoever owns what; then by a worker that never saw any of it, after all others have gone. */
  private async readEverything(): Promise<void> {
    for (const database of DATABASES) await this.workers.settle(this.list(database, 'must answer'));
    const fresh = await this.workers.start();
    for (const worker of [...this.alive]) {
      if (this.random.fraction() < 0.5) worker.crash();
      else await this.workers.settle(worker.drain().catch(() => worker.crash()));
      this.bury(worker);
    }
    this.alive.push(fresh);
    await this.workers.clock.advance(2 * TTL_MS);
    for (const database of DATABASES) await this.workers.settle(this.list(database, 'must answer'));
    for (const open of fresh.access.databases.open()) await this.workers.settle(fresh.access.databases.release(open));
    // Now nobody owns anything, and each reading is a cold one.
    for (const database of DATABASES) await this.workers.settle(this.list(database, 'must answer'));
    await this.closeLedger();
  }

  private async client(number: number): Promise<void> {
    const ledger = this.ledgerClient(number);
    for (let i = 0; i < OPERATIONS; i++) {
      await this.pause(300);
      const database = this.pick(DATABASES);
      if (this.random.fraction() < LEDGER_SHARE) {
        // Mostly the same one, so that they get into each other's way.
        await ledger.act(this.random.fraction() < 0.7 ? 0 : DATABASES.indexOf(database));
        continue;
      }
      const draw = this.random.fraction();
      const key = this.pick(KEYS);
      if (draw < 0.3) await this.write(database, key, this.value(), NONE);
      else if (draw < 0.4) await this.write(database, key, undefined, NONE);
      else if (draw < 0.5) await this.write(database, key, this.value(), ABSENT);
      else if (draw < 0.7) await this.swap(database, key);
      else if (draw < 0.95) await this.read(database, key);
      else await this.list(database);
    }
  }

  private ledgerClient(number: number): LedgerClient {
    return new LedgerClient(number, this.ledger, {
      random: this.random,
      moment: () => this.history.now(),
      clockMs: () => this.workers.clock.now(),
      isHarmless: (error) => isLeaseholdError(error) && HARMLESS.has(error.code),
      send: (request) => this.send(request),
    });
  }

  /** Snapshots from whoever serves, and the whole feed as the judge of it all. */
  private async closeLedger(): Promise<void> {
    const client = this.ledgerClient(CLIENTS);
    for (const database of DATABASES.keys()) {
      await this.workers.settle(client.look(database));
      const feed = await this.workers.settle(client.feed(database));
      if (feed === undefined) throw new Error('nobody tells the feed although all faults have ended');
      this.ledgerFaults.push(...this.ledger.faultsOf(database, feed));
    }
  }

  private async write(
    database: DatabaseIdentity,
    key: string,
    value: string | undefined,
    precondition: Precondition,
  ): Promise<void> {
    const write = this.history.begin({ database: DATABASES.indexOf(database), key }, value, precondition);
    try {
      const version = await this.send((worker, options) =>
        value === undefined
          ? worker.delete(database, key, precondition, options)
          : worker.put(database, key, value, precondition, options),
      );
      this.history.end(write, 'acknowledged', version);
      this.counts.acknowledged += 1;
    } catch (error) {
      this.endBadly(write, error);
    }
  }

  private endBadly(write: Write, error: unknown): void {
    const { database, key, begunAt } = write;
    if (error instanceof PreconditionFailedError) {
      this.history.end(write, 'refused');
      const { present } = error;
      const shown = present ? 'version' : 'absence';
      this.history.show({ database, key, shown, value: undefined, version: present, begunAt });
    } else if (isLeaseholdError(error) && error.code === 'outcome-unknown') {
      this.history.end(write, 'unknown');
      this.counts.unknown += 1;
    } else if (isLeaseholdError(error) && HARMLESS.has(error.code)) {
      this.history.end(write, 'disclaimed');
      this.counts.disclaimed += 1;
    } else {
      throw error;
    }
  }

  private async swap(database: DatabaseIdentity, key: string): Promise<void> {
    const entry = await this.read(database, key);
    if (entry) await this.write(database, key, this.value(), { kind: 'version', version: entry.version });
  }

  private async read(database: DatabaseIdentity, key: string) {
    const begunAt = this.history.now();
    const entry = await this.sendRead((worker, options) => worker.entry(database, key, options));
    if (entry === 'gave-up') return undefined;
    const shown = entry ? 'entry' : 'absence';
    const value = entry && textOf(entry.value);
    const register = { database: DATABASES.indexOf(database), key };
    this.history.show({ ...register, shown, value, version: entry?.version, begunAt });
    return entry;
  }

  private async list(database: DatabaseIdentity, mode: 'may give up' | 'must answer' = 'may give up'): Promise<void> {
    const begunAt = this.history.now();
    const entries = await this.sendRead(async (worker, options) => {
      const page = await worker.access.scan(database, { limit: 100 }, options);
      worker.session.assertServing();
      return page.entries;
    });
    if (entries === 'gave-up') {
      if (mode === 'must answer') throw new Error(`nobody serves ${database.name} although all faults have ended`);
      return;
    }
    for (const key of KEYS) {
      const entry = entries.find((candidate) => textOf(candidate.key) === key);
      const register = { database: DATABASES.indexOf(database), key };
      const value = entry && textOf(entry.value);
      this.history.show({
        ...register,
        shown: entry ? 'entry' : 'absence',
        value,
        version: entry?.version,
        begunAt,
      });
    }
  }

  private async sendRead<T>(
    request: (worker: TestWorker, options: AccessOptions) => Promise<T>,
  ): Promise<T | 'gave-up'> {
    try {
      return await this.send(request);
    } catch (error) {
      if (isLeaseholdError(error) && HARMLESS.has(error.code)) return 'gave-up';
      throw error;
    }
  }

  /** As the gateway does: follow the owner, wait for one that is gone, go elsewhere when nothing was applied. */
  private async send<T>(request: (worker: TestWorker, options: AccessOptions) => Promise<T>): Promise<T> {
    let waitForOwner: SessionId | undefined;
    let target: TestWorker | undefined;
    for (let tries = 1; ; tries++) {
      target ??= this.alive.length > 0 ? this.pick(this.alive) : undefined;
      const time = new AbortController();
      const timer = this.workers.clock.schedule(10_000, () => time.abort());
      try {
        if (target) return await request(target, { signal: time.signal, waitForOwner });
      } catch (error) {
        if (tries >= TRIES || !isLeaseholdError(error) || !HARMLESS.has(error.code)) throw error;
        const owner = error instanceof MisdirectedError ? error.owner : undefined;
        target = this.alive.find(({ session }) => session.id === owner);
        waitForOwner = target ? undefined : owner;
      } finally {
        timer.cancel();
      }
      await this.pause(200);
    }
  }

  private async troublemaker(): Promise<void> {
    while (!this.over) {
      await this.pause(2_500);
      const worker = this.alive.length === 0 ? undefined : this.pick(this.alive);
      const draw = this.random.fraction();
      if (worker === undefined) {
        // Nobody is left to trouble.
      } else if (draw < 0.25) {
        this.counts.kills += 1;
        // Some die with commits on their way.
        if (this.random.fraction() < 0.7) worker.line.trouble(this.pick(['cut', 'hold']), 'log/', ['put']);
        await this.pause(400);
        this.bury(worker);
        worker.crash();
        await this.pause(2_000);
        worker.line.mend();
      } else if (draw < 0.5) {
        await this.drain(worker);
      } else if (draw < 0.65) {
        this.counts.stalls += 1;
        worker.line.trouble('hold');
        await this.workers.clock.sleep(this.random.fraction() < 0.5 ? 2_000 : 2 * TTL_MS);
        worker.line.mend();
      } else if (draw < 0.85) {
        this.counts.cuts += 1;
        worker.line.trouble(this.pick(['cut', 'lose', 'hold']), this.pick(['db/', 'db/', 'log/', 'workers/']), ['put']);
        if (this.random.fraction() < 0.7) this.release(worker);
        await this.workers.clock.sleep(1);
        if (this.random.fraction() < 0.7) worker.line.trouble('cut', 'db/', ['get']);
        await this.workers.clock.sleep(this.random.fraction() < 0.5 ? 1_000 : CUT_MS);
        if (this.random.fraction() < 0.5) worker.line.letPass();
        else worker.line.mend();
        if (this.random.fraction() < 0.4) await this.drain(worker);
      } else {
        this.release(worker);
      }
      while (this.alive.length < WORKERS) this.admit(await this.workers.launch(SETTINGS));
    }
  }

  private async drain(worker: TestWorker): Promise<void> {
    this.counts.drains += 1;
    this.bury(worker);
    await worker.drain().catch(() => worker.crash());
  }

  /** Everything that a worker owns, whatever comes of it. */
  private release(worker: TestWorker): void {
    for (const open of worker.access.databases.open()) {
      worker.access.databases.release(open).catch(() => (this.counts.unclearReleases += 1));
    }
  }

  private async compactor(): Promise<void> {
    const { clock, bucket } = this.workers;
    const random = seededRandom(this.seed + 2);
    const faulty = new FaultyStore(bucket, clock, seededRandom(this.seed + 3), RATES);
    const ctx = { store: reliableReads(faulty, clock, random), clock, random };
    while (!this.over) {
      await this.pause(2_000);
      const { databaseId } = this.pick(DATABASES);
      try {
        const compacted = await compactDatabase(ctx, databaseId, { l0Files: 1, targetFileBytes: 64 * 1024 });
        if (compacted.outcome === 'compacted') this.counts.compactions += 1;
        const collected = await collectGarbage(ctx, databaseId, { minAgeMs: 500 });
        this.counts.collectedFiles += collected.deletedFiles;
      } catch (error) {
        if (!isLeaseholdError(error) || error.kind === 'corrupt') throw error;
      }
    }
    faulty.setRates({});
    await faulty.landAll();
  }

  private admit(worker: TestWorker): void {
    worker.faulty.setRates(this.over ? {} : RATES);
    worker.maintenance.start();
    this.alive.push(worker);
    // As apps/worker does: a process whose session is lost ends.
    worker.session.ended.addEventListener('abort', () => {
      this.bury(worker);
      worker.crash();
    });
  }

  private bury(worker: TestWorker): void {
    const at = this.alive.indexOf(worker);
    if (at >= 0) this.alive.splice(at, 1);
  }

  private value(): string {
    const text = `v${++this.values}`;
    return this.random.fraction() < 0.4 ? text.padEnd(LARGE_BYTES, '.') : text;
  }

  private pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random.fraction() * items.length)] as T;
  }

  private pause(mostMs: number): Promise<void> {
    return this.workers.clock.sleep(Math.ceil(this.random.fraction() * mostMs));
  }
}
