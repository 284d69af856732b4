import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import { seededRandom, type DatabaseId, type SessionId } from '@leasehold/foundation';
import { decodeUsageRecord, encodeUsageRecord, type DatabaseUsage, type UsageRecord } from '@leasehold/metering';
import { UsageLedger } from '@leasehold/usage-ledger';

import { TestBucket } from '../testing/test-bucket.js';
import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(120_000);

const TOOLS = fileURLToPath(new URL('../../../../tools/', import.meta.url));
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const [MAY, JUNE, JULY, AUGUST] = [4, 5, 6, 7].map((month) => Date.UTC(2026, month)) as [
  number,
  number,
  number,
  number,
];
/** In the middle of an hour in the middle of the month. */
const CHANGE = JUNE + 12 * DAY_MS + 1_234_567;
const KEYS = ['key-one', 'key-two', null] as const;
const SESSIONS = ['a', 'b', 'c'].map((letter) => `01jd${letter.repeat(22)}` as SessionId);

/** Commits of one database, told by whoever owned it, and told again by whoever opened it next. */
class Commits {
  private commits = 0;
  private writeUnits = 0;

  next(hour: number, commits: number, units: number) {
    const from = { commits: this.commits, writeUnits: this.writeUnits };
    this.commits += commits;
    this.writeUnits += units;
    return { hour, from, to: { commits: this.commits, writeUnits: this.writeUnits } };
  }
}

describe('the script that computes invoices anew', () => {
  const random = seededRandom(7);
  const drawn = (most: number) => 1 + (random.bytes(4).reduce((sum, byte) => sum * 256 + byte, 0) % most);
  let service: TestService;
  let ledger: UsageLedger;
  let tenant: Tenant;
  let folder: string;
  let databases: readonly DatabaseId[];
  const commits = new Map<DatabaseId, Commits>();
  const numbers = new Map<SessionId, number>();
  const ids: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leasehold-invoice-'));
    service = await TestService.start();
    ledger = new UsageLedger(service.databaseUrl);
    tenant = await service.signUp();
    const { metadata } = service;
    const { organizationId } = tenant;
    await metadata.prisma.billingStart.updateMany({ data: { firstPeriod: new Date(MAY) } });
    await metadata.prisma.organization.update({
      where: { id: organizationId },
      data: { createdAt: new Date(MAY + 3 * DAY_MS + 99_999) },
    });
    const price = (amount: string, per: string, included = '0') => ({ amount, per, included });
    const prices = {
      ...{ readUnits: price('37', '1000', '5000'), writeUnits: price('211', '1000', '1000') },
      ...{ storedByteMs: price('3', String(10n ** 9n * 3_600_000n)), egressBytes: price('9', '100000') },
    };
    await metadata.plans.put('pro', 'Pro', {});
    const version = { planId: 'pro', currency: 'USD', fee: 1_999n, minimum: 5_000n, prices };
    await metadata.prisma.planVersion.createMany({
      data: [
        { ...version, version: 1, effectiveFrom: new Date(0) },
        { ...version, version: 2, effectiveFrom: new Date(JULY + 10 * DAY_MS), fee: 2_503n, minimum: 90_001n },
      ],
    });
    await metadata.prisma.organizationPlan.create({ data: { organizationId, planId: 'pro', since: new Date(CHANGE) } });
    databases = await Promise.all(['a', 'b', 'c'].map(async (name) => newDatabase(name, organizationId)));
  });
  afterAll(async () => {
    await ledger.close();
    await service.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function newDatabase(name: string, organizationId: string): Promise<DatabaseId> {
    const id = (await service.metadata.databases.create(organizationId, name)).id as DatabaseId;
    commits.set(id, new Commits());
    return id;
  }

  function usageOf(database: DatabaseId, from: number, to: number): DatabaseUsage {
    const at = from + (drawn(to - from) - 1);
    const hour = Math.floor(at / HOUR_MS);
    const write = commits.get(database)?.next(hour, drawn(9), drawn(900));
    const key = KEYS[drawn(3) - 1] ?? null;
    return {
      database,
      writes: write ? [write] : [],
      reads: [{ hour, key, requests: drawn(5), readUnits: drawn(4_000), egressBytes: drawn(90_000) }],
      sizes: [{ at, bytes: drawn(3_000_000_000) - 1 }],
    };
  }

  /** Written to the bucket, and counted: now and then twice, and with what another session has told already. */
  async function record(from: number, to: number, told: readonly DatabaseUsage[] = []): Promise<void> {
    const session = SESSIONS[drawn(SESSIONS.length) - 1] as SessionId;
    const number = (numbers.get(session) ?? 0) + 1;
    numbers.set(session, number);
    const fresh = databases.map((database) => usageOf(database, from, to));
    const all = told.length === 0 ? fresh : told;
    const written: UsageRecord = {
      session,
      number,
      from,
      to,
      databases: [...all].sort((a, b) => (a.database < b.database ? -1 : 1)),
    };
    const path = join(folder, bucketLayout.usageRecord(session, number));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, encodeUsageRecord(written));
    const read = decodeUsageRecord(await readFile(path));
    await ledger.take(read);
    if (number % 3 === 0) await ledger.take(read);
    // A recovery tells the same commits again, in a record of another session.
    if (told.length === 0 && number % 4 === 0) {
      await record(
        from,
        to,
        all.map((usage) => ({ ...usage, reads: [], sizes: [] })),
      );
    }
  }

  async function finalize(month: number): Promise<string> {
    const terms = { now: Date.UTC(2026, 10), marginMs: DAY_MS };
    const done = await service.metadata.invoices.finalize(tenant.organizationId, month, terms);
    if (done.outcome !== 'finalized') throw new Error(`it is ${done.outcome}`);
    ids.push(done.invoiceId);
    return done.invoiceId;
  }

  let bucketEnv: Readonly<Record<string, string>> = {};
  function recompute(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
    const script = join(TOOLS, 'recompute-invoice.mjs');
    const env = { ...process.env, NODE_OPTIONS: '', LEASEHOLD_TOKEN: tenant.token, ...bucketEnv };
    return new Promise((resolve) => {
      execFile(process.execPath, [script, ...args], { env }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out: stdout + stderr });
      });
    });
  }
  const ofInvoice = (id: string, more: readonly string[] = ['--folder', folder]) =>
    recompute('--api', service.url, '--invoice', id, ...more);

  it('finds no difference, over months, plans, late usage, repeated records and a database that is purged', async () => {
    await ledger.passed(Date.UTC(2026, 9, 3));
    for (let i = 0; i < 12; i++) await record(MAY, JULY);
    await finalize(MAY);
    for (let i = 0; i < 8; i++) await record(MAY, JULY);
    await finalize(JUNE);
    for (let i = 0; i < 8; i++) await record(JUNE, AUGUST);
    const [gone] = databases;
    await service.metadata.prisma.database.update({
      where: { id: gone },
      data: { deletedAt: new Date(JULY + 20 * DAY_MS + 777) },
    });
    await service.metadata.prisma.database.delete({ where: { id: gone } });
    await finalize(JULY);
    const late = await service.metadata.prisma.invoiceLine.count({
      where: { invoiceId: ids[2] ?? '', periodFrom: { lt: new Date(JULY) } },
    });
    expect(late).toBeGreaterThan(0);
    // Of a month in which none of the invoices is one any more.
    for (let i = 0; i < 4; i++) await record(JULY, AUGUST);
    for (const id of ids) {
      const { code, out } = await ofInvoice(id);
      expect(out).toMatch(/^INV-\d{6} of 2026-0\d: [1-9]\d* records give \d+ USD[^]*no difference\n$/);
      expect(code).toBe(0);
    }
    expect((await ofInvoice('2026-06')).code).toBe(0);
  });

  it('reads records from a bucket of S3', async () => {
    const bucket = await TestBucket.start();
    try {
      for (const [session, count] of numbers) {
        for (let number = 1; number <= count; number++) {
          const name = bucketLayout.usageRecord(session, number);
          await bucket.store.put(name, await readFile(join(folder, name)), 'create');
        }
      }
      bucketEnv = bucket.env;
      const compute = () => ofInvoice('2026-07', ['--bucket', bucket.env['S3_BUCKET'] ?? '']);
      expect(await compute()).toMatchObject({ code: 0, out: expect.stringContaining('no difference') });
      const name = bucketLayout.usageRecord(SESSIONS[0] as SessionId, 1);
      await bucket.store.delete(name);
      expect(await compute()).toMatchObject({ code: 1, out: expect.stringContaining(`${name} is not there`) });
    } finally {
      bucketEnv = {};
      await bucket.close();
    }
  });

  it('says what differs once a record says something else', async () => {
    const [session = ''] = await readdir(join(folder, 'usage'));
    const path = join(folder, 'usage', session, '1'.padStart(20, '0'));
    const good = await readFile(path);
    try {
      const lines = gunzipSync(good).toString('utf8').split('\n');
      const changed = lines.map((line) =>
        line.replace(/"reads":\[\[(\d+),[^\]]*\]/, '"reads":[[$1,"key-one",1,9999,1]'),
      );
      await writeFile(path, gzipSync(changed.join('\n')));
      const { code, out } = await ofInvoice('2026-06');
      expect(code).toBe(1);
      expect(out).toMatch(/readUnits from .* by pro 1: quantity is \d+ by the records, \d+ on the invoice/);
      expect(out).toMatch(/digest is [0-9a-f]{16} by the records, [0-9a-f]{16} on the invoice/);
    } finally {
      await writeFile(path, good);
    }
    expect((await ofInvoice('2026-06')).code).toBe(0);
  });

  it('says which records cannot be read, or are missing', async () => {
    const [session = ''] = await readdir(join(folder, 'usage'));
    const path = join(folder, 'usage', session, '2'.padStart(20, '0'));
    const good = await readFile(path);
    try {
      for (const [break_, told] of [
        [() => writeFile(path, good.subarray(0, good.length - 9)), 'cannot be read'],
        [() => writeFile(path, gzipSync('{"format":2}\n')), 'is not of format 1'],
        [() => rm(path), 'is not there'],
      ] as const) {
        await break_();
        const { code, out } = await ofInvoice('2026-07');
        expect([code, out]).toEqual([1, expect.stringContaining(`${'2'.padStart(20, '0')} ${told}`)]);
      }
    } finally {
      await writeFile(path, good);
    }
  });

  it('goes by a file of what was told, in which every number counts', async () => {
    const bundle = join(folder, 'bundle.json');
    expect((await ofInvoice('2026-07', ['--folder', folder, '--save', bundle])).code).toBe(0);
    const text = await readFile(bundle, 'utf8');
    for (const [change, wrong] of [
      ['the amount of a line', text.replace(/"amount":([1-9]\d*),"entries"/, '"amount":9$1,"entries"')],
      ['a quantity', text.replace(/"quantity":"([1-9]\d*)"/, '"quantity":"$19"')],
      ['the total', text.replace(/"total":(\d+)/, '"total":$11')],
      ['a fee', text.replaceAll(/"fee":(\d+)/g, '"fee":9$1')],
      ['a digest', text.replace(/"digest":"./, '"digest":"z')],
      ['which records', text.replace(/"last":(\d+)/, '"last":1')],
      ['when a plan held', text.replace(/"plan":"pro","since":"2026-06-13/, '"plan":"pro","since":"2026-06-14')],
      ['when a database ended', text.replaceAll('2026-07-21T00:00:00.777Z', '2026-07-21T00:00:00.778Z')],
    ] as const) {
      expect([change, wrong === text]).toEqual([change, false]);
      await writeFile(bundle, wrong);
      expect([change, (await recompute('--bundle', bundle, '--folder', folder)).code]).toEqual([change, 1]);
    }
  });

  it('refuses drafts, invoices that are none, and words that it does not know', async () => {
    const draft = new Date().toISOString().slice(0, 7);
    for (const id of [draft, 'none']) expect((await ofInvoice(id)).code).toBe(2);
    for (const args of [[], ['--folder', folder], ['--nonsense', 'x'], ['--folder', folder, '--bucket', 'b']]) {
      expect([args, (await recompute(...args)).code]).toEqual([args, 2]);
    }
  });

  it('imports nothing of the product', async () => {
    const names = await readdir(join(TOOLS, 'recompute-invoice'));
    // Its tests hold it against the product.
    const parts = names.flatMap((name) => (name.endsWith('.spec.ts') ? [] : [join(TOOLS, 'recompute-invoice', name)]));
    expect(parts.length).toBeGreaterThan(3);
    for (const path of [join(TOOLS, 'recompute-invoice.mjs'), ...parts]) {
      const text = await readFile(path, 'utf8');
      const imports = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, name]) => name ?? '');
      const foreign = imports.filter(
        (name) => !/^(node:|\.\.?\/(recompute-invoice\/)?[a-z-]+\.mjs$|@aws-sdk\/client-s3$)/.test(name),
      );
      expect([path, foreign]).toEqual([path, []]);
    }
  });
});
