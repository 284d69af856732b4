import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { monthBefore } from '@leasehold/billing';
import { systemClock, type SessionId } from '@leasehold/foundation';
import { JobQueues, queueStoreFrom } from '@leasehold/jobs';
import { Metadata } from '@leasehold/metadata';
import { startTestPostgres, type TestPostgres } from '@leasehold/metadata-testing';
import type { Page } from 'playwright-core';

import { Database, expectStatus, signUp } from './src/api.js';
import { Browser, hasBrowser } from './src/browser.js';
import { makeConsoleWorld, type ConsoleWorld } from './src/console-world.js';
import { Leasehold, parts } from './src/leasehold.js';
import { checkScreen, type Hindrance } from './src/screen-check.js';
import { Slowed } from './src/slowed.js';
import { until } from './src/until.js';

/** What is used is told soon, and what it costs too. */
const SETTINGS = { USAGE_INTERVAL_MS: '1000', ROLL_UP_INTERVAL_MS: '1000', COSTS_REFRESH_MS: '1000' };
const PATIENCE_MS = 60_000;
const FEE = 2_000n;
/** What is written before a compaction is looked for: as many memtables of 4 MiB as ask for one, and what makes it last. */
const WRITES = 96;
const WRITTEN_BYTES = 256 * 1024;
/** Compactions that may be over before one is caught in the middle. */
const CATCHES = 4;
/** In the order of the dialog: a million PUTs and GETs, a thousand gigabytes stored and sent, what is shared. */
const PRICES = ['5.00', '0.40', '23.00', '90.00', '12.34'];

interface CostPage {
  readonly totals: { readonly revenue: number; readonly cost: number | null; readonly margin: number | null };
  readonly costs: readonly { readonly name: string; readonly margin: number }[];
}

interface RunningJob {
  readonly id: string;
  readonly kind: string;
  readonly databaseId: string | null;
  readonly state: string;
  readonly progress: { readonly bytes: number; readonly ofBytes: number } | null;
}

interface FailedJob {
  readonly id: string;
  readonly reason: string;
  readonly failedAt: string;
}

interface Invoice {
  readonly id: string;
  readonly number: string;
  readonly state: string;
  readonly credited: number;
}

const required = process.env['LEASEHOLD_REQUIRE_LANES'] === '1';
const describeWithBrowser = hasBrowser || required ? describe : describe.skip;

describeWithBrowser(`what operators see of money and health${hasBrowser ? '' : ' (no browser here)'}`, () => {
  let postgres: TestPostgres;
  let metadata: Metadata;
  let leasehold: Leasehold;
  let browser: Browser;
  let page: Page;
  let token: string;
  let environment: Readonly<Record<string, string>>;
  const hindrances: Hindrance[] = [];

  const open = (path: string) => page.goto(`${leasehold.ready.console}/console/operator/${path}`);
  const figure = (label: string) => page.locator(`[data-figure="${label}"]`);
  const dialog = () => page.getByRole('dialog');
  const ask = async <T>(path: string) => {
    const answer = await fetch(`${leasehold.ready.controlPlane}/v1/admin/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return (await answer.json()) as T;
  };
  const invoices = async () => (await ask<{ readonly invoices: readonly Invoice[] }>('invoices')).invoices;

  /** An invoice of last month, as if the organization had been there. */
  async function bill({ token: of }: Pick<ConsoleWorld, 'token'>): Promise<void> {
    const answer = await fetch(`${leasehold.ready.controlPlane}/v1/me`, { headers: { authorization: `Bearer ${of}` } });
    const { organization } = (await answer.json()) as { readonly organization: { readonly id: string } };
    const { from } = monthBefore(Date.now());
    const { id } = organization;
    await metadata.prisma.organizationPlan.create({
      data: { organizationId: id, planId: 'pro', since: new Date(from) },
    });
    await metadata.prisma.organization.update({ where: { id }, data: { createdAt: new Date(from) } });
    await until(async () => {
      await metadata.invoices.finalize(id, from, { now: Date.now(), marginMs: 0 });
      return (await metadata.invoices.ofPeriod(id, new Date(from))) !== undefined;
    }, PATIENCE_MS);
  }

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const databaseUrl = await postgres.createDatabase();
    environment = { ...(await parts()), ...SETTINGS, DATABASE_URL: databaseUrl };
    [leasehold, browser] = await Promise.all([Leasehold.up({ workers: 1, environment }), Browser.start()]);
    metadata = Metadata.open({ databaseUrl });
    await metadata.plans.put('pro', 'Pro', {});
    const free = { amount: '0', per: '1', included: '0' };
    const prices = { readUnits: free, writeUnits: free, storedByteMs: free, egressBytes: free };
    const version = { planId: 'pro', version: 1, effectiveFrom: new Date(0), currency: 'USD', fee: FEE, minimum: 0n };
    await metadata.prisma.planVersion.create({ data: { ...version, prices } });
    await metadata.prisma.billingStart.updateMany({ data: { firstPeriod: new Date(monthBefore(Date.now()).from) } });
    const worlds = [
      await makeConsoleWorld(leasehold.ready, 'one@example.com'),
      await makeConsoleWorld(leasehold.ready, 'two@example.com'),
    ];
    for (const world of worlds) await bill(world);
    const { email, password } = leasehold.ready.admin;
    const login = await fetch(`${leasehold.ready.controlPlane}/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });
    token = String(((await login.json()) as { readonly token: string }).token);
    page = await browser.open();
    await page.goto(`${leasehold.ready.console}/console/`);
    await page.fill('input[name=email]', email);
    await page.fill('input[name=password]', password);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.getByRole('button', { name: 'Account', exact: true }).waitFor();
  }, 240_000);
  afterAll(async () => {
    await browser?.stop();
    await leasehold?.stop();
    await metadata?.close();
    await postgres?.close();
  }, 60_000);

  it('is what tenants cost, at the prices that they say, to the cent', async () => {
    await until(async () => (await ask<CostPage>('costs')).costs.length >= 2, PATIENCE_MS);
    await open('costs');
    await figure('Cost').getByText('no prices yet').waitFor();
    hindrances.push(...(await checkScreen(page, 'costs-not-priced')));
    await page.getByRole('button', { name: 'Prices of the provider' }).click();
    const inputs = dialog().locator('input');
    await inputs.first().waitFor();
    for (const [at, price] of PRICES.entries()) await inputs.nth(at).fill(price);
    hindrances.push(...(await checkScreen(page, 'provider-prices')));
    await dialog().getByRole('button', { name: 'Set prices' }).click();
    await dialog().waitFor({ state: 'detached' });
    expect((await ask<{ readonly prices: object }>('costs')).prices).toMatchObject({
      ...{ putsMillion: 500, getsMillion: 40, storedTerabyteMonth: 2_300, egressTerabyte: 9_000, sharedMonth: 1_234 },
    });
    // Of everybody together what all share is borne whole.
    await until(async () => ((await ask<CostPage>('costs')).totals.cost ?? 0) >= 1_234, PATIENCE_MS);
    // They grow, between the answer and the page as well.
    await until(async () => {
      const { totals, costs } = await ask<CostPage>('costs');
      await open('costs');
      await figure('Cost').getByText('$').waitFor();
      const shown = await Promise.all(['Revenue', 'Cost', 'Margin'].map((label) => figure(label).textContent()));
      const rows = await page.getByRole('table', { name: 'Costs of tenants' }).locator('tbody tr').count();
      const told = [totals.revenue, totals.cost, totals.margin].map((amount) => dollars(amount ?? NaN));
      return shown.join() === told.join() && rows === costs.length;
    }, PATIENCE_MS);
    hindrances.push(...(await checkScreen(page, 'costs')));
  }, 180_000);

  it('is what became of invoices, and what they make of them', async () => {
    expect((await invoices()).map(({ state }) => state)).toEqual(['finalized', 'finalized']);
    const [second, first] = await invoices();
    await open('invoices');
    await page.getByRole('link', { name: first?.number ?? '' }).waitFor();
    hindrances.push(...(await checkScreen(page, 'operator-invoices-filled')));
    await page.getByRole('link', { name: first?.number ?? '' }).click();
    await page.getByRole('button', { name: 'Credit' }).click();
    await dialog().getByLabel('Amount in USD').fill('1.50');
    await dialog().getByLabel('Reason').fill('an outage');
    await dialog().getByRole('button', { name: 'Credit', exact: true }).click();
    await figure('Credited').getByText('$1.50').waitFor();
    // What the tenant is told stands there too.
    await page.getByRole('table', { name: 'Credit notes' }).getByRole('cell', { name: 'an outage' }).waitFor();
    const { lines } = await ask<{ readonly lines: readonly object[] }>(`invoices/${first?.id ?? ''}/lines`);
    const shown = page.getByRole('table', { name: 'Lines' }).locator('tbody tr');
    await until(async () => (await shown.count()) === lines.length, PATIENCE_MS);
    expect(lines.length).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Mark as paid' }).click();
    await dialog().getByLabel('How it was paid').fill('bank transfer');
    hindrances.push(...(await checkScreen(page, 'invoice-is-paid')));
    await dialog().getByRole('button', { name: 'It is paid' }).click();
    await page.getByRole('cell', { name: 'bank transfer' }).waitFor();
    hindrances.push(...(await checkScreen(page, 'operator-invoice')));
    await open(`invoices/${second?.id ?? ''}`);
    await page.getByRole('button', { name: 'Void' }).click();
    await dialog().getByLabel('Reason').fill('a mistake');
    await dialog().getByRole('button', { name: 'Void invoice' }).click();
    await page.getByRole('cell', { name: 'a mistake' }).waitFor();
    expect((await invoices()).map(({ state, credited }) => [state, credited])).toEqual([
      ['void', 0],
      ['paid', 150],
    ]);
    await open('invoices?state=paid');
    await page.getByRole('link', { name: first?.number ?? '' }).waitFor();
    expect(await page.getByRole('link', { name: second?.number ?? '' }).count()).toBe(0);
  }, 120_000);

  it('is plans, and what they cost from when on', async () => {
    await open('plans');
    await page.getByRole('button', { name: 'New plan' }).click();
    await dialog().getByLabel('Id').fill('large');
    await dialog().getByLabel('Name').fill('Large');
    await dialog().getByLabel('Requests per second').fill('500');
    hindrances.push(...(await checkScreen(page, 'new-plan')));
    await dialog().getByRole('button', { name: 'Make plan' }).click();
    await page.getByRole('link', { name: 'Large' }).waitFor();
    hindrances.push(...(await checkScreen(page, 'plans')));
    await page.getByRole('link', { name: 'Large' }).click();
    await page.getByText('It costs nothing').waitFor();
    await page.getByRole('button', { name: 'New prices' }).click();
    await dialog().getByLabel('Fee of a month').fill('10.00');
    await dialog().getByLabel('A million read units').fill('0.20');
    await dialog().getByLabel('Read units included').fill('10000000');
    // A hundredth of a cent is a price as well.
    await dialog().getByLabel('A million write units').fill('0.0001');
    hindrances.push(...(await checkScreen(page, 'new-prices')));
    await dialog().getByRole('button', { name: 'Add prices' }).click();
    await page.getByText('to come').waitFor();
    hindrances.push(...(await checkScreen(page, 'plan')));
    const { versions } = await ask<{ readonly versions: readonly object[] }>('plans/large/versions');
    expect(versions).toMatchObject([
      {
        ...{ version: 1, fee: 1_000 },
        prices: {
          readUnits: { amount: 20, per: '1000000', included: '10000000' },
          writeUnits: { amount: 1, per: '100000000' },
        },
      },
    ]);
  }, 120_000);

  it('is how the parts are, each of them', async () => {
    const well = async () => {
      await open('health');
      return (await figure('Parts that are well').textContent()) ?? '';
    };
    await until(async () => {
      const [known, all] = (await well()).split(' of ');
      return all !== undefined && known === all;
    }, PATIENCE_MS);
    const { parts: told } = await ask<{ readonly parts: readonly { readonly kind: string }[] }>('health');
    const kinds = new Set(told.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['bucket', 'compactor', 'gateway', 'postgres', 'queues', 'worker']);
    expect(await page.getByRole('table', { name: 'Parts' }).locator('tbody tr').count()).toBe(told.length);
    hindrances.push(...(await checkScreen(page, 'health')));
  }, 120_000);

  it('is what runs, and a compaction that they cancel', async () => {
    const { database } = await signUp(leasehold.ready);
    const compactor = new Slowed(leasehold.ready.pids.compactor);
    const compaction = async () => {
      const { jobs } = await ask<{ readonly jobs: readonly RunningJob[] }>('jobs/running');
      return jobs.find(({ kind }) => kind === 'compact');
    };
    const isCaught = (job: RunningJob | undefined) => job?.state === 'running' && (job.progress?.bytes ?? 0) > 0;
    /** Stands still in the middle of a compaction, if there is one long enough. */
    const caught = async (): Promise<RunningJob | undefined> => {
      await write(database);
      for (let looks = 0; looks < 400; looks++) {
        if (!isCaught(await compaction())) continue;
        compactor.freeze();
        // It may have gone on between the look and the standstill, not after it.
        const job = await compaction();
        if (isCaught(job)) return job;
        compactor.slow();
      }
      return undefined;
    };
    try {
      let job: RunningJob | undefined;
      for (let catches = 0; job === undefined && catches < CATCHES; catches++) job = await caught();
      if (job === undefined) throw new Error('no compaction was caught in the middle');
      await open('jobs');
      const rows = page.getByRole('table', { name: 'Running jobs' }).locator('tbody tr');
      const row = rows.filter({ has: page.locator(`[title="${job.databaseId ?? ''}"]`) });
      await row.getByText(`of ${bytes(job.progress?.ofBytes ?? 0)}`).waitFor();
      await row.getByRole('progressbar').waitFor();
      await row.getByRole('button', { name: /^Cancel the compaction of/ }).click();
      await dialog().getByRole('button', { name: 'Cancel compaction' }).click();
      await dialog().waitFor({ state: 'detached' });
      await row.getByText('cancelling').waitFor();
      expect(await compaction()).toMatchObject({ id: job.id, state: 'cancelling' });
      hindrances.push(...(await checkScreen(page, 'jobs-running')));
    } finally {
      compactor.release();
    }
    // It has ended, nothing has failed, and it is put off.
    const counts = async () => {
      const { jobs } = await ask<{ readonly jobs: readonly { readonly kind: string }[] }>('jobs');
      return jobs.find(({ kind }) => kind === 'compact');
    };
    await until(async () => (await compaction()) === undefined, PATIENCE_MS);
    expect(await counts()).toMatchObject({ active: 0, delayed: 1, failed: 0 });
    expect((await database.get(`k${WRITES - 1}`)).body.byteLength).toBe(WRITTEN_BYTES);
    await page.getByText('Nothing is under way').waitFor();
    hindrances.push(...(await checkScreen(page, 'jobs-none-running')));
  }, 240_000);

  it('is what has failed, and runs again when they want it', async () => {
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const queues = new JobQueues({ store: queueStoreFrom(environment), clock: systemClock, log });
    // No session has such an id: that is for people to look at.
    queues.enqueueRecovery('nobody' as SessionId, 'ended');
    const failed = async () => (await ask<{ readonly jobs: readonly FailedJob[] }>('jobs/recover/failed')).jobs;
    await until(async () => (await failed()).length === 1, PATIENCE_MS);
    await queues.close();
    const [job] = (await failed()) as readonly [FailedJob];
    await open('jobs');
    const kind = page.getByRole('table', { name: 'Queues' }).getByRole('row', { name: /^recover/ });
    await kind.getByRole('button', { name: '1' }).click();
    const row = page.getByRole('table', { name: 'Failed jobs' }).locator('tbody tr');
    await row.getByText(job.reason).waitFor();
    expect([await row.count(), page.url()]).toEqual([1, expect.stringContaining('kind=recover')]);
    hindrances.push(...(await checkScreen(page, 'jobs-failed')));
    await row.getByRole('button', { name: `Try again: ${job.id}` }).click();
    await page.getByText('It runs again.').waitFor();
    await until(async () => (await failed()).some(({ failedAt }) => failedAt > job.failedAt), PATIENCE_MS);
  }, 120_000);

  it('hinders nobody, and gives the browser nothing to complain about', () => {
    expect(hindrances).toEqual([]);
    expect(browser.complaints).toEqual([]);
  });
});

/** More than fits in memory, of what does not compress. */
async function write(database: Database): Promise<void> {
  for (let from = 0; from < WRITES; from += 8) {
    const keys = Array.from({ length: 8 }, (_, at) => `k${from + at}`);
    await Promise.all(keys.map(async (key) => expectStatus(await database.put(key, randomBytes(WRITTEN_BYTES)), 200)));
  }
}

/** As the console writes it. */
function bytes(count: number): string {
  return `${(count / 1e6).toLocaleString('en-US', { maximumFractionDigits: 2 })} MB`;
}

/** As the console writes it. */
function dollars(amount: number): string {
  return (amount / 100).toLocaleString('en-US', { style: 'currency', currency: 'USD' });
}
