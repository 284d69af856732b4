import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { Browser, hasBrowser } from './src/browser.js';
import { makeConsoleWorld, type ConsoleWorld } from './src/console-world.js';
import { drawn, present } from './src/drawn.js';
import { Leasehold } from './src/leasehold.js';
import { checkScreen, type Hindrance } from './src/screen-check.js';

interface Screen {
  readonly name: string;
  readonly path: string;
  /** There when the screen is filled. */
  readonly shows: string;
}

/** Of an answer: numbers by their name. */
type Row = Readonly<Record<string, number>>;

/** Of what the API tells of a database. */
interface Inspection {
  readonly head: { readonly edits: number; readonly lastCommit: { readonly sequence: number } };
  readonly owner: { readonly session: string } | null;
  readonly levels: readonly { readonly files: number; readonly first: readonly { readonly id: string }[] }[];
}

/** Of what the API tells of a worker. */
interface WorkerLoad {
  readonly claims: number;
  readonly takeovers: number;
  readonly coldStarts: number;
}

const TENANT_SCREENS: readonly Screen[] = [
  { name: 'start', path: '/start', shows: 'Or take' },
  { name: 'databases', path: '/databases', shows: 'customer-0' },
  { name: 'databases-none-matches', path: '/databases?search=nobody', shows: 'None matches' },
  { name: 'databases-deleted', path: '/databases?shown=deleted', shows: 'Undelete' },
  { name: 'databases-shared', path: '/databases?shown=shared', shows: 'Nothing is shared with you' },
  { name: 'data', path: '/databases/shop', shows: 'orders/000000' },
  { name: 'entry', path: '/databases/shop?key=dXNlcnMvYWRhL3Byb2ZpbGU', shows: 'Dec 31, 2999' },
  { name: 'changes', path: '/databases/shop/changes?from=all', shows: 'users/bob/profile' },
  { name: 'overview', path: '/databases/shop/overview', shows: 'Not flushed yet' },
  { name: 'database-settings', path: '/databases/shop/settings', shows: 'Delete this database' },
  { name: 'keys', path: '/keys', shows: 'reporting' },
  { name: 'members', path: '/members', shows: 'Member since' },
  { name: 'webhooks', path: '/webhooks', shows: 'hooks.example.com' },
  { name: 'audit', path: '/audit', shows: 'database.created' },
  { name: 'operations', path: '/operations', shows: 'customer-29' },
  { name: 'settings', path: '/settings', shows: 'https://app.example.com' },
  { name: 'profile', path: '/profile', shows: 'this one' },
  { name: 'billing', path: '/billing', shows: 'No invoices yet' },
  { name: 'budgets', path: '/billing/budgets', shows: '1,000,000 units' },
  { name: 'payments', path: '/billing/payments', shows: 'Nothing to pay yet' },
  { name: 'billing-details', path: '/billing/details', shows: 'Postal code' },
  { name: 'nowhere', path: '/nowhere', shows: 'There is no such page' },
];
const OPERATOR_SCREENS: readonly Screen[] = [
  { name: 'health', path: '/operator/health', shows: 'roll-up' },
  { name: 'operator-invoices', path: '/operator/invoices', shows: 'No invoices' },
  { name: 'fleet', path: '/operator/fleet', shows: 'live' },
  { name: 'tenants', path: '/operator/tenants', shows: 'Shops & Sons' },
  { name: 'jobs', path: '/operator/jobs', shows: 'compact' },
  { name: 'reconciliation', path: '/operator/reconciliation', shows: 'econcil' },
];
/** A database with files in several levels: a memtable of 4 MiB becomes one, and four of them are merged. */
const ARCHIVE = 'archive';
const ARCHIVE_VALUE_BYTES = 400_000;
const ARCHIVE_KEYS = 36;
const ARCHIVE_WRITES = 60;
const LATENCY = 'Latency over time, half and 99 percent';
const PHONE = { width: 390, height: 780 };
/** Pages of 500 entries that the data browser holds at most. */
const HELD_ENTRIES = 6 * 500;

const required = process.env['LEASEHOLD_REQUIRE_LANES'] === '1';
const describeWithBrowser = hasBrowser || required ? describe : describe.skip;

describeWithBrowser(`every screen of the console${hasBrowser ? '' : ' (no browser here)'}`, () => {
  let leasehold: Leasehold;
  let browser: Browser;
  let page: Page;
  let world: ConsoleWorld;

  const open = (path: string) => page.goto(`${leasehold.ready.console}/console${path}`);
  const logIn = async (email: string, password: string) => {
    await page.fill('input[name=email]', email);
    await page.fill('input[name=password]', password);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.getByRole('button', { name: 'Account', exact: true }).waitFor();
  };
  const figure = (label: string) => page.locator(`[data-figure="${label}"]`);
  /** What the API tells the organization of these screens, or another session. */
  const ask = async <T>(path: string, token = world.token) => {
    const answer = await fetch(leasehold.ready.controlPlane + path, {
      headers: { authorization: `Bearer ${token}` },
    });
    return (await answer.json()) as T;
  };
  const operatorSession = async () => {
    const answer = await fetch(`${leasehold.ready.controlPlane}/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(leasehold.ready.admin),
    });
    return ((await answer.json()) as { readonly token: string }).token;
  };
  /** Writes a database until its owner has to make files of it. */
  const writeFiles = async () => {
    const made = await fetch(`${leasehold.ready.controlPlane}/v1/databases`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: ARCHIVE }),
    });
    for (let write = 0; write < ARCHIVE_WRITES; write++) {
      const key = `photos/${String(write % ARCHIVE_KEYS).padStart(4, '0')}`;
      const answer = await fetch(`${leasehold.ready.gateway}/v1/db/${ARCHIVE}/keys/${encodeURIComponent(key)}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${world.apiKey}`, 'content-type': 'application/octet-stream' },
        body: randomBytes(ARCHIVE_VALUE_BYTES),
      });
      if (!answer.ok) throw new Error(`a write was answered ${answer.status}: ${await answer.text()}`);
    }
    return (await made.json()) as { readonly id: string };
  };
  const look = async (screens: readonly Screen[]) => {
    const found: Hindrance[] = [];
    for (const { name, path, shows } of screens) {
      // As a link would: the page is not loaded anew.
      await page.evaluate((to) => history.pushState(null, '', to), `/console${path}`);
      await page.getByText(shows).first().waitFor();
      found.push(...(await checkScreen(page, name)));
    }
    return found;
  };

  beforeAll(async () => {
    [leasehold, browser] = await Promise.all([Leasehold.up({ workers: 1 }), Browser.start()]);
    [world, page] = await Promise.all([makeConsoleWorld(leasehold.ready, 'screens@example.com'), browser.open()]);
  }, 120_000);
  afterAll(async () => {
    await browser?.stop();
    await leasehold?.stop();
  }, 60_000);

  it('has log-in and sign-up that nothing hinders', async () => {
    await open('/sign-up');
    const signUp = await checkScreen(page, 'sign-up');
    await open('/');
    expect([...signUp, ...(await checkScreen(page, 'log-in'))]).toEqual([]);
  });

  it('hinders nobody, light or dark, filled or empty', async () => {
    await logIn(world.email, world.password);
    expect(await look(TENANT_SCREENS)).toEqual([]);
  }, 120_000);

  it('tells times in the zone of whoever looks, and in UTC under the pointer', async () => {
    await open('/members');
    const time = page.getByRole('table', { name: 'Members' }).locator('time');
    await time.hover();
    const at = (await time.getAttribute('datetime')) ?? '';
    await page.getByText(`${at.slice(0, 19).replace('T', ' ')} UTC`).waitFor();
    expect(await time.textContent()).toContain(String(new Date(at).getFullYear()));
  });

  it('scrolls through a database and holds a window of it', async () => {
    await open('/databases/shop');
    const rows = page.getByRole('region', { name: 'Entries' });
    await rows.waitFor();
    const known = page.locator('[data-held]');
    while (!(await known.textContent())?.includes(`${counted(world.entries)} keys`)) {
      await rows.evaluate((frame) => frame.scrollTo(0, frame.scrollHeight));
      expect(Number(await known.getAttribute('data-held'))).toBeLessThanOrEqual(HELD_ENTRIES);
    }
    await rows.evaluate((frame) => frame.scrollTo(0, frame.scrollHeight));
    await page.getByRole('button', { name: 'users/bob/profile' }).waitFor();
    expect(await rows.getByRole('row').count()).toBeLessThan(100);
    // What was let go is read again.
    await rows.evaluate((frame) => frame.scrollTo(0, 0));
    await page.getByRole('button', { name: 'orders/000000' }).waitFor();
  }, 60_000);

  it('shows only the keys of a range, for those who have only a keyboard, on a phone as well', async () => {
    const prefix = Buffer.from('orders/').toString('base64url');
    await open(`/databases/shop?prefix=${prefix}`);
    const rows = page.getByRole('region', { name: 'Entries' });
    const first = rows.getByRole('button').first();
    const shown = (count: number) => page.getByText(`${counted(count)} keys`, { exact: true }).waitFor();
    const start = page.getByLabel('From this key on');
    const end = page.getByLabel('Before this key');
    await page.getByRole('button', { name: 'Only a range' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('orders/000100');
    await page.keyboard.press('Tab');
    await page.keyboard.type('orders/000200');
    await page.keyboard.press('Enter');
    await shown(100);
    expect(await first.textContent()).toBe('orders/000100');
    // Both hold: what it begins with, and the range.
    await page.getByRole('button', { name: 'All keys', exact: true }).click();
    await end.fill('z');
    await start.fill('orders/004990');
    await start.press('Enter');
    await shown(12);
    await page.getByRole('navigation', { name: 'Folders of keys' }).getByText('users/').click();
    await shown(2);
    await page.reload();
    await shown(2);
    expect(await start.inputValue()).toBe('orders/004990');
    // What is no range is not taken over.
    await end.fill('orders/000050');
    await end.press('Enter');
    await page.getByText('It has to come behind the first one.').waitFor();
    await shown(2);
    expect(await checkScreen(page, 'data-range-refused')).toEqual([]);
    // As bytes, in whose digits they are typed as well.
    await page.reload();
    await page.getByRole('radiogroup', { name: 'Keys as' }).getByText('hex').click();
    expect(await end.inputValue()).toBe('7a');
    await end.fill('75 73 65 72 73 2f 62');
    await end.press('Enter');
    await page.getByText('1 key', { exact: true }).waitFor();
    const window = page.viewportSize();
    await page.setViewportSize(PHONE);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
    expect(await checkScreen(page, 'data-range-phone')).toEqual([]);
    if (window !== null) await page.setViewportSize(window);
    await page.getByRole('button', { name: 'No range' }).click();
    await page.getByRole('button', { name: 'All keys', exact: true }).click();
    await page.getByText('keys so far').waitFor();
    expect(page.url()).not.toContain('range=');
  }, 60_000);

  it('shows the usage that the API tells, to the unit', async () => {
    const day = 24 * 3_600_000;
    const to = new Date((Math.floor(Date.now() / 3_600_000) + 1) * 3_600_000);
    const query = `from=${hour(new Date(to.getTime() - day))}&to=${hour(to)}&step=hour`;
    const told = async () => (await ask<{ usage: Row[] }>(`/v1/usage?${query}`)).usage;
    // The seeding alone; reads of this browser are free and come in for some seconds more.
    await eventually(async () => sumOf(await told(), 'writeUnits') >= world.entries);
    await open('/usage?range=day&meter=writeUnits');
    await figure('Write units').waitFor();
    const rows = await told();
    expect(await figure('Write units').textContent()).toBe(counted(sumOf(rows, 'writeUnits')));
    expect(await figure('Read units').textContent()).toBe(counted(sumOf(rows, 'readUnits')));
    expect(await drawn(page, 'Write units')).toEqual([present(rows.map((row) => row['writeUnits']))]);
    expect(await checkScreen(page, 'usage')).toEqual([]);
    // The whole time by what used it, in as few rows as tell that: so it is whole for many databases too.
    const asked = page.waitForRequest((request) => /v1\/usage\?.*group=database/.test(request.url()));
    await open('/usage?step=day&group=database');
    expect((await asked).url()).toContain('step=month');
    const first = page.getByRole('table', { name: 'Usage by database' }).locator('tbody tr').first();
    await first.getByText(counted(sumOf(rows, 'writeUnits')), { exact: true }).waitFor();
    expect(await first.getByRole('link').textContent()).toBe('shop');
  }, 60_000);

  it('shows the metrics that the API tells, to the request', async () => {
    const told = async () => (await ask<{ metrics: Row[] }>('/v1/databases/shop/metrics')).metrics;
    await eventually(async () => sumOf(await told(), 'requests') > 0);
    // They come in every few seconds, between the answer and the page as well.
    await eventually(async () => {
      const rows = await told();
      await open('/databases/shop/metrics');
      await figure('Requests').waitFor();
      const shown = [await figure('Requests').textContent(), await figure('Cold starts').textContent()];
      const charts = [...(await drawn(page, 'Requests over time')), ...(await drawn(page, LATENCY))];
      const members = ['requests', 'p50Ms', 'p99Ms'].map((member) => present(rows.map((row) => row[member])));
      const isSame = JSON.stringify(charts) === JSON.stringify(members);
      return isSame && shown.join() === [sumOf(rows, 'requests'), sumOf(rows, 'coldStarts')].map(counted).join();
    });
    expect(await checkScreen(page, 'metrics')).toEqual([]);
    // What it used stands beside, as usage tells it.
    const to = new Date((Math.floor(Date.now() / 3_600_000) + 1) * 3_600_000);
    const from = new Date(to.getTime() - 24 * 3_600_000);
    const query = `database=shop&from=${hour(from)}&to=${hour(to)}&step=hour`;
    const { usage } = await ask<{ usage: Row[] }>(`/v1/usage?${query}`);
    await open('/databases/shop/metrics?range=day');
    await page.getByRole('img', { name: 'Read and write units over time' }).waitFor();
    expect((await drawn(page, 'Read and write units over time'))[1]).toEqual(
      present(usage.map((row) => row['writeUnits'])),
    );
    expect(await checkScreen(page, 'metrics-day')).toEqual([]);
  }, 60_000);

  it('has a half for operators, which hinders nobody either', async () => {
    await page.getByRole('button', { name: 'Account', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await logIn(leasehold.ready.admin.email, leasehold.ready.admin.password);
    expect(await look(OPERATOR_SCREENS)).toEqual([]);
  }, 60_000);

  it('shows operators what a database is made of, as the API tells it', async () => {
    const { id } = await writeFiles();
    const session = await operatorSession();
    const inspected = () => ask<Inspection>(`/v1/admin/databases/${id}/inspection`, session);
    const filesOf = ({ levels }: Inspection) => levels.flatMap(({ first }) => first.map((file) => file.id)).sort();
    // Flushes and compactions go on for a while after what was written.
    await eventually(async () => filesOf(await inspected()).length > 0);
    await open('/operator/fleet');
    await page.getByRole('table', { name: 'Workers' }).getByRole('link').first().click();
    await page.getByRole('link', { name: ARCHIVE, exact: true }).click();
    await page.locator('[data-band="l0"]').waitFor();
    await eventually(async () => {
      const before = await inspected();
      await page.getByRole('button', { name: 'Look again' }).click();
      await page.locator('button[data-loading]').waitFor({ state: 'detached' });
      const { head, owner } = await inspected();
      if (head.edits !== before.head.edits) return false;
      const shown = [await figure('Last commit in the head').textContent(), await figure('Owner').textContent()];
      const drawn = await page
        .locator('[data-band]:not([data-band="inline"]) [data-file]')
        .evaluateAll((blocks) => blocks.map((block) => block.getAttribute('data-file')));
      const told = [counted(head.lastCommit.sequence), owner?.session];
      return shown.join() === told.join() && drawn.sort().join() === filesOf(before).join();
    });
    const rows = page.getByRole('table', { name: /^Files of/ }).getByRole('row');
    expect(await rows.count()).toBeGreaterThan(1);
    const hindrances = [...(await checkScreen(page, 'inspection'))];
    // By its tenant, and one that was never written to.
    await open('/operator/tenants');
    await page.getByRole('link', { name: 'Shops & Sons' }).click();
    await page.getByLabel('Beginning of a name').fill('customer-1');
    await page.getByRole('link', { name: 'customer-1', exact: true }).click();
    await page.getByText('never written to').waitFor();
    hindrances.push(...(await checkScreen(page, 'inspection-none')));
    expect(hindrances).toEqual([]);
  }, 120_000);

  it('shows operators a worker, and lets them suspend a tenant and let it go on', async () => {
    // Until a worker has told of itself nobody knows what it holds.
    let answer = (): void => undefined;
    const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
    const load = /\/v1\/admin\/workers\/[^/?]+$/;
    await page.route(load, async (route) => {
      await mayAnswer;
      await route.continue();
    });
    await open('/operator/fleet');
    await figure('Live workers').waitFor();
    expect([await figure('Open databases').textContent(), await figure('Memory').textContent()]).toEqual(['…', '…']);
    answer();
    await figure('Memory').getByText('MB').waitFor();
    await page.unroute(load);
    await page.getByRole('table', { name: 'Workers' }).getByRole('link').first().click();
    await page.getByRole('cell', { name: 'shop', exact: true }).waitFor();
    const asOperator = await operatorSession();
    // The screen looks again every few seconds.
    await eventually(async () => {
      const { workers } = await ask<{ workers: readonly { load: WorkerLoad | null }[] }>(
        '/v1/admin/workers?load=true',
        asOperator,
      );
      const { takeovers, claims, coldStarts } = workers.flatMap(({ load }) => load ?? [])[0] as WorkerLoad;
      const shown = [await figure('Claims').textContent(), await figure('Cold starts').textContent()];
      return takeovers === 0 && coldStarts > 0 && shown.join() === [claims, coldStarts].map(counted).join();
    });
    const hindrances = [...(await checkScreen(page, 'worker'))];
    await open('/operator/tenants');
    await page.getByRole('link', { name: 'Shops & Sons' }).click();
    await page.getByRole('button', { name: 'Suspend', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('a test');
    await page.getByRole('button', { name: 'Suspend tenant' }).click();
    await page.getByText('Suspended by').waitFor();
    hindrances.push(...(await checkScreen(page, 'tenant')));
    const read = () =>
      fetch(`${leasehold.ready.gateway}/v1/db/shop/keys/blob`, {
        headers: { authorization: `Bearer ${world.apiKey}` },
      });
    await eventually(async () => (await read()).status === 403);
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByRole('button', { name: 'Resume tenant' }).click();
    await page.getByRole('button', { name: 'Suspend', exact: true }).waitFor();
    await eventually(async () => (await read()).status === 200);
    expect(hindrances).toEqual([]);
  }, 60_000);

  it('gives the browser nothing to complain about', () => {
    expect(browser.complaints).toEqual([]);
  });
});

function sumOf(rows: readonly Row[], member: string): number {
  return rows.reduce((sum, row) => sum + (row[member] ?? 0), 0);
}

/** As the console writes it. */
function counted(count: number): string {
  return count.toLocaleString('en');
}

/** `2026-11-28T09:00Z` */
function hour(date: Date): string {
  return `${date.toISOString().slice(0, 16)}Z`;
}

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 500));
}
