import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { monthBefore } from '@leasehold/billing';
import { bucketLayout } from '@leasehold/bucket-layout';
import { systemClock, ulidFloorAt, type DatabaseId, type SessionId } from '@leasehold/foundation';
import { JOB_KINDS, JobQueues, openProducer, runJobWorkers, type JobKind, type QueueStore } from '@leasehold/jobs';
import { SessionWatch } from '@leasehold/lease';
import { encodeUsageRecord, HOUR_MS, type DatabaseUsage } from '@leasehold/metering';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';
import { MemoryStore, type GetOptions, type ObjectStore } from '@leasehold/object-store';
import { createLogger, loadConfig } from '@leasehold/service-kit';
import { TrafficLedger, UsageLedger, UsageRecounts } from '@leasehold/usage-ledger';
import { Registry } from 'prom-client';

import { CompactorMetrics } from '../compactor-metrics.js';
import { compactorConfig } from '../config.js';
import { jobHandlers } from './job-handlers.js';
import { storeFor } from './purpose-store.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(120_000);

const TEST_REDIS_URL = process.env.TEST_REDIS_URL;
const WAIT_MS = 60_000;
const RECORDS = 5;
/** What each record tells of each database. */
const WRITTEN = { commits: 4, writeUnits: 9 } as const;
const READ = { requests: 3, readUnits: 7, egressBytes: 100 } as const;
const NOBODY_RECOVERS = { tell: () => undefined, recorded: () => Promise.resolve() };

/** Usage records are read by two compactors at the same time, or not at all: whoever comes first waits for the other. */
class MeetingPlace {
  private readonly there = new Map<string, Set<string>>();

  constructor(private readonly store: ObjectStore) {}

  /** The bucket as one of the compactors has it. */
  of(compactor: string): ObjectStore {
    const get = async (key: string, options?: GetOptions) => {
      if (key.startsWith('usage/')) await this.meet(compactor, key);
      return this.store.get(key, options);
    };
    return new Proxy(this.store, {
      get: (store, name) => {
        if (name === 'get') return get;
        const member = Reflect.get(store, name) as unknown;
        return typeof member === 'function' ? (member.bind(store) as unknown) : member;
      },
    });
  }

  /** Records that both have asked for. */
  get met(): number {
    return [...this.there.values()].filter(({ size }) => size === 2).length;
  }

  private async meet(compactor: string, key: string): Promise<void> {
    const there = this.there.get(key) ?? new Set();
    this.there.set(key, there.add(compactor));
    await until(() => there.size === 2);
  }
}

function suite(name: string, queueStoreOf: (databaseUrl: string) => QueueStore): void {
  describe(`a job that stands twice in the queue, on ${name}`, () => {
    let test: TestMetadata;
    const closers: (() => Promise<unknown>)[] = [];
    const failed: string[] = [];

    beforeAll(async () => {
      test = await openTestMetadata();
    });
    afterAll(() => test.close());
    afterEach(async () => {
      for (const close of closers.splice(0).reverse()) await close();
    });

    /** @returns what it has done, by kind */
    async function startCompactor(queueStore: QueueStore, store: ObjectStore): Promise<readonly JobKind[]> {
      const { databaseUrl, metadata } = test;
      const config = loadConfig(compactorConfig, {
        ...{ LOG_LEVEL: 'silent', DATABASE_URL: databaseUrl, INVOICE_MARGIN_MS: '0' },
      });
      const [log, metrics] = [createLogger('compactor', 'silent'), new CompactorMetrics(new Registry())];
      const watch = new SessionWatch(storeFor('watch', store, metrics));
      const queues = new JobQueues({ store: queueStore, clock: systemClock, log });
      const books = {
        ledger: new UsageLedger(databaseUrl),
        traffic: new TrafficLedger(databaseUrl),
        recounts: new UsageRecounts(databaseUrl),
      };
      const parts = { config, store, watch, queues, usage: NOBODY_RECOVERS, metadata, purges: undefined, metrics, log };
      const done: JobKind[] = [];
      const workers = await runJobWorkers(
        jobHandlers({ ...parts, ...books }),
        {
          ...{ store: queueStore, clock: systemClock, log },
          observe: ({ kind, outcome }) => {
            if (outcome === 'done') done.push(kind);
            else failed.push(`${kind} ${outcome}`);
          },
        },
        // With room for two, one of them could take both.
        { concurrency: { ...ONE_OF_EACH } },
      );
      closers.push(async () => {
        await workers.close(5_000);
        await queues.close();
        for (const book of [books.ledger, books.traffic]) await book.close();
      });
      return done;
    }

    it('is done by two compactors at once, and bills what was done, not more', async () => {
      const { databaseUrl, metadata } = test;
      const organizationId = await test.newOrganization();
      const month = monthBefore(systemClock.now());
      await metadata.prisma.organization.update({
        where: { id: organizationId },
        data: { createdAt: new Date(month.from - 1) },
      });
      await metadata.prisma.billingStart.updateMany({ data: { firstPeriod: new Date(month.from) } });
      const store = new MemoryStore(systemClock);
      const database = (await metadata.databases.create(organizationId, 'main')).id as DatabaseId;
      await putRecords(store, database, month.from);

      const queueStore = queueStoreOf(databaseUrl);
      const place = new MeetingPlace(store);
      const compactors = [
        await startCompactor(queueStore, place.of('a')),
        await startCompactor(queueStore, place.of('b')),
      ];
      const twice = async (kind: JobKind) => {
        const producer = openProducer(queueStore, JOB_KINDS[kind].queue, () => undefined);
        closers.push(() => producer.close());
        await Promise.all([1, 2].map(() => producer.add(kind, {}, {})));
        await until(() => compactors.flat().filter((each) => each === kind).length === 2);
      };

      await twice('rollUp');
      expect(compactors).toEqual([['rollUp'], ['rollUp']]);
      // And the one behind the last, which is not there.
      expect(place.met).toBe(RECORDS + 1);
      expect(await metadata.prisma.usageRecordTaken.count()).toBe(RECORDS);
      const hours = await metadata.prisma.usageHour.findMany();
      const sum = (of: (row: (typeof hours)[number]) => bigint) =>
        Number(hours.reduce((all, row) => all + of(row), 0n));
      expect(sum(({ commits }) => commits) - RECORDS * WRITTEN.commits).toBe(0);
      expect(sum(({ writeUnits }) => writeUnits) - RECORDS * WRITTEN.writeUnits).toBe(0);
      expect(sum(({ requests }) => requests) - RECORDS * READ.requests).toBe(0);

      await twice('invoice');
      expect(failed).toEqual([]);
      const invoices = await metadata.prisma.invoice.findMany();
      expect(invoices).toMatchObject([{ number: 1n, organizationId, periodFrom: new Date(month.from) }]);
      const lines = await metadata.invoiceLines.list(invoices[0]?.id ?? '', 0, 100);
      const billed = Object.fromEntries(lines.map(({ meter, quantity }) => [meter, Number(quantity)]));
      expect(billed).toMatchObject({
        writeUnits: RECORDS * WRITTEN.writeUnits,
        readUnits: RECORDS * READ.readUnits,
        egressBytes: RECORDS * READ.egressBytes,
      });
    });
  });
}

const ONE_OF_EACH: Readonly<Record<JobKind, number>> = {
  ...{ compact: 1, gc: 1, recover: 1, purge: 1, erase: 1, sweep: 1 },
  ...{ rollUp: 1, traffic: 1, reconcile: 1, invoice: 1 },
};

/** Of one session that went on for some hours. */
async function putRecords(store: ObjectStore, database: DatabaseId, from: number): Promise<void> {
  const session = `${ulidFloorAt(from).slice(0, 10)}${'1'.repeat(16)}` as SessionId;
  const counter = (records: number) => ({
    commits: records * WRITTEN.commits,
    writeUnits: records * WRITTEN.writeUnits,
  });
  for (let n = 0; n < RECORDS; n++) {
    const at = from + n * HOUR_MS;
    const hour = at / HOUR_MS;
    const usage: DatabaseUsage = {
      database,
      writes: [{ hour, from: counter(n), to: counter(n + 1) }],
      reads: [{ hour, key: 'k', ...READ }],
      sizes: [{ at, bytes: 1_000 + n }],
    };
    const record = { session, number: n + 1, from: at, to: at + HOUR_MS, databases: [usage] };
    await store.put(bucketLayout.usageRecord(session, n + 1), encodeUsageRecord(record), 'create');
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = systemClock.monotonic() + WAIT_MS;
  while (!isSo()) {
    if (systemClock.monotonic() > deadline) throw new Error(`it is not so within ${WAIT_MS} ms`);
    await systemClock.sleep(10);
  }
}

const namespace = () => `test_${randomUUID().replaceAll('-', '').slice(0, 12)}`;

suite('Postgres', (databaseUrl) => ({ kind: 'postgres', databaseUrl, namespace: namespace() }));

if (TEST_REDIS_URL) {
  suite('Redis', () => ({ kind: 'redis', redisUrl: TEST_REDIS_URL, namespace: namespace() }));
} else {
  const notice =
    'REDIS LANE DID NOT RUN: apt-get install redis-server, start it, set TEST_REDIS_URL=redis://127.0.0.1:6379';
  const lane = process.env.LEASEHOLD_REQUIRE_LANES === '1' ? it : it.skip;
  lane(notice, () => {
    throw new Error(notice);
  });
}
