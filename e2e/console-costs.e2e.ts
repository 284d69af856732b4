import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { monthBefore, monthOf } from '@leasehold/billing';
import { Metadata } from '@leasehold/metadata';
import { startTestPostgres, type TestPostgres } from '@leasehold/metadata-testing';
import type { Page } from 'playwright-core';

import { Browser, hasBrowser } from './src/browser.js';
import { makeConsoleWorld, type ConsoleWorld } from './src/console-world.js';
import { drawn, present } from './src/drawn.js';
import { Leasehold, parts } from './src/leasehold.js';
import { checkScreen } from './src/screen-check.js';
import { until } from './src/until.js';

/** What is used is told soon. */
const SETTINGS = { USAGE_INTERVAL_MS: '1000', ROLL_UP_INTERVAL_MS: '1000' };
const PATIENCE_MS = 60_000;
const FEE = 2_000n;
const MICROS = 1_000_000;

interface CostPage {
  readonly month: string;
  readonly amounts: Readonly<Record<string, number>>;
  readonly costs: readonly {
    readonly name?: string;
    readonly label?: string | null;
    readonly costMicros: Readonly<Record<string, string>>;
  }[];
}

interface Invoice {
  readonly id: string;
  readonly number: string;
  readonly total: number;
}

const required = process.env['LEASEHOLD_REQUIRE_LANES'] === '1';
const describeWithBrowser = hasBrowser || required ? describe : describe.skip;

describeWithBrowser(`what usage costs, in the console${hasBrowser ? '' : ' (no browser here)'}`, () => {
  let postgres: TestPostgres;
  let metadata: Metadata;
  let leasehold: Leasehold;
  let browser: Browser;
  let page: Page;
  let world: ConsoleWorld;
  let organizationId: string;

  const open = (path: string) => page.goto(`${leasehold.ready.console}/console${path}`);
  /** As a link or a switch on the page does: it is not read anew. */
  const goOn = (path: string) => page.evaluate((to) => history.pushState(null, '', to), `/console${path}`);
  const figure = (label: string) => page.locator(`[data-figure="${label}"]`);
  const call = (path: string) =>
    fetch(leasehold.ready.controlPlane + path, { headers: { authorization: `Bearer ${world.token}` } });
  const ask = async <T>(path: string) => (await (await call(path)).json()) as T;
  const costs = (query: string) => ask<CostPage>(`/v1/costs?${query}`);

  /** As if the organization had been there, on its plan. */
  async function beCustomerSince(from: number): Promise<void> {
    const since = new Date(from);
    await metadata.prisma.organizationPlan.create({ data: { organizationId, planId: 'priced', since } });
    await metadata.prisma.organization.update({ where: { id: organizationId }, data: { createdAt: since } });
  }

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const databaseUrl = await postgres.createDatabase();
    const environment = { ...(await parts()), ...SETTINGS, DATABASE_URL: databaseUrl };
    [leasehold, browser] = await Promise.all([Leasehold.up({ workers: 1, environment }), Browser.start()]);
    metadata = Metadata.open({ databaseUrl });
    await metadata.plans.put('priced', 'Priced', {});
    const free = { amount: '0', per: '1', included: '0' };
    const prices = {
      ...{ readUnits: free, storedByteMs: free, egressBytes: free },
      writeUnits: { amount: '7', per: '100', included: '1000' },
    };
    const version = { planId: 'priced', version: 1, currency: 'USD', fee: FEE, minimum: 0n, prices };
    await metadata.prisma.planVersion.create({ data: { ...version, effectiveFrom: new Date(0) } });
    world = await makeConsoleWorld(leasehold.ready, 'costs@example.com');
    const { organization } = await ask<{ readonly organization: { readonly id: string } }>('/v1/me');
    organizationId = organization.id;
    await beCustomerSince(monthOf(Date.now()).from);
    page = await browser.open();
    await open('/');
    await page.fill('input[name=email]', world.email);
    await page.fill('input[name=password]', world.password);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.getByRole('button', { name: 'Account', exact: true }).waitFor();
    // Every write of the world is told: from then on nothing is billed any more.
    await until(async () => {
      const { usage } = await ask<{ readonly usage: readonly { readonly writeUnits: number }[] }>(
        '/v1/usage?step=month',
      );
      return (usage[0]?.writeUnits ?? 0) >= world.entries;
    }, PATIENCE_MS);
  }, 240_000);
  afterAll(async () => {
    await browser?.stop();
    await leasehold?.stop();
    await metadata?.close();
    await postgres?.close();
  }, 60_000);

  it('is what the API tells, and that comes to the draft of the invoice', async () => {
    const { amounts, costs: days } = await costs('step=day');
    const draft = await ask<{ readonly total: number }>('/v1/invoices/' + new Date().toISOString().slice(0, 7));
    expect(amounts['total']).toBe(draft.total);
    expect(amounts['writeUnits']).toBeGreaterThan(0);
    const told = days.map(({ costMicros }) => Number(costMicros['total']));
    expect(told.reduce((sum, one) => sum + one, 0)).toBe((draft.total - Number(FEE)) * MICROS);
    await open('/usage');
    await page.getByRole('radiogroup', { name: 'Usage or cost' }).getByText('Cost').click();
    await figure('Together').waitFor();
    expect(page.url()).toContain('show=cost');
    expect(await figure('Together').textContent()).toBe(dollars(draft.total));
    expect(await figure('Fee').textContent()).toBe(dollars(Number(FEE)));
    expect(await figure('Writes').textContent()).toBe(dollars(amounts['writeUnits'] ?? NaN));
    await figure('If it goes on like that').getByText('$').waitFor();
    expect(await drawn(page, 'Cost of All usage')).toEqual([present(told)]);
    expect(await checkScreen(page, 'costs-of-usage')).toEqual([]);
  }, 90_000);

  it('is told apart by database and label, and the link leads to the same', async () => {
    for (const group of ['database', 'label:plan']) {
      const { costs: rows } = await costs(`step=month&group=${group}`);
      await open(`/usage?show=cost&step=hour&meter=writeUnits&group=${group}`);
      const table = page.getByRole('table', { name: `Cost by ${group}` });
      await table.locator('tbody tr').first().waitFor();
      const shown = await table
        .locator('td[data-micros]')
        .evaluateAll((cells) => cells.map((cell) => cell.getAttribute('data-micros')));
      // Five of each row: all usage, reads, writes, storage, egress.
      const totals = shown.filter((_, at) => at % 5 === 0).map(Number);
      expect([...totals].sort()).toEqual(rows.map(({ costMicros }) => Number(costMicros['total'])).sort());
      expect(await table.textContent()).toContain('fee, of the organization');
      expect(await checkScreen(page, `costs-by-${group.split(':')[0] ?? ''}`)).toEqual([]);
    }
    await page.reload();
    await page.getByRole('table', { name: 'Cost by label:plan' }).waitFor();
    expect(await page.getByRole('combobox', { name: 'By', exact: true }).inputValue()).toBe('hour');
  }, 90_000);

  it('is not told of what was looked at before, while it is read', async () => {
    const change = async (asked: RegExp, shown: string, what: string) => {
      await open(`/usage?${shown}&group=database`);
      const table = (group: string) => page.getByRole('table', { name: `${what} by ${group}` });
      await table('database').locator('tbody tr').first().waitFor();
      let answer = (): void => undefined;
      const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
      await page.route(asked, async (route) => {
        await mayAnswer;
        await route.continue();
      });
      const isAsked = page.waitForRequest(asked);
      await goOn(`/usage?${shown}&group=key`);
      await isAsked;
      await page.getByRole('status', { name: 'Loading' }).first().waitFor();
      expect(await table('key').count()).toBe(0);
      answer();
      await table('key').locator('tbody tr').first().waitFor();
      await page.unroute(asked);
    };
    await change(/v1\/costs\?.*group=key/, 'show=cost', 'Cost');
    await change(/v1\/usage\?.*group=key/, 'range=month', 'Usage');
    // The figures above as well: of another time.
    await open('/usage');
    await figure('Write units').waitFor();
    await page.route(/v1\/usage\?/, () => new Promise<void>(() => undefined));
    await goOn('/usage?range=year');
    await page.getByRole('status', { name: 'Loading' }).first().waitFor();
    expect(await figure('Write units').count()).toBe(0);
    await page.unroute(/v1\/usage\?/);
  }, 60_000);

  it('is given out as CSV, with the same total', async () => {
    await open('/usage?show=cost&group=database');
    const link = page.getByRole('link', { name: 'Download as CSV' });
    const address = (await link.getAttribute('href')) ?? '';
    const lines = (await (await call(address)).text()).trimEnd().split('\r\n');
    expect(lines[0]).toContain('kind,from,database,name');
    const total = lines.slice(1).reduce((sum, line) => sum + Number(line.split(',').at(-1)), 0);
    expect(total).toBe(((await costs('')).amounts['total'] ?? NaN) * MICROS);
  }, 60_000);

  it('stands on invoices, which are there to look at and to keep', async () => {
    const { from } = monthBefore(Date.now());
    await metadata.prisma.billingStart.updateMany({ data: { firstPeriod: new Date(from) } });
    await beCustomerSince(from);
    await until(async () => {
      await metadata.invoices.finalize(organizationId, from, { now: Date.now(), marginMs: 0 });
      return (await metadata.invoices.ofPeriod(organizationId, new Date(from))) !== undefined;
    }, PATIENCE_MS);
    const { invoices } = await ask<{ readonly invoices: readonly Invoice[] }>('/v1/invoices');
    expect(invoices.map(({ total }) => total)).toEqual([Number(FEE)]);
    const [{ id, number, total }] = invoices as readonly [Invoice];
    await open('/billing');
    const row = page.getByRole('table', { name: 'Invoices' }).locator('tbody tr');
    await row.getByRole('link', { name: number, exact: true }).waitFor();
    expect([await row.count(), await row.textContent()]).toEqual([1, expect.stringContaining(dollars(total))]);
    await figure('If it goes on like that').getByText('$').waitFor();
    expect(await checkScreen(page, 'billing-filled')).toEqual([]);
    await row.getByRole('link', { name: number, exact: true }).click();
    await figure('Total').getByText(dollars(total)).waitFor();
    const { lines } = await ask<{ readonly lines: readonly object[] }>(`/v1/invoices/${id}/lines`);
    const shown = page.getByRole('table', { name: 'Lines' }).locator('tbody tr');
    await shown.first().waitFor();
    expect(await shown.count()).toBe(lines.length);
    expect(await checkScreen(page, 'invoice')).toEqual([]);
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: `${number} as PDF` }).click();
    expect((await download).suggestedFilename()).toBe(`${number}.pdf`);
    expect(readFileSync(await (await download).path(), 'latin1')).toMatch(/^%PDF-/);
    expect(browser.complaints).toEqual([]);
  }, 120_000);
});

function dollars(cents: number): string {
  return new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' }).format(cents / 100);
}
