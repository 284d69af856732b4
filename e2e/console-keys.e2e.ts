import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata } from '@leasehold/metadata';
import { startTestPostgres, type TestPostgres } from '@leasehold/metadata-testing';
import type { CDPSession, Page } from 'playwright-core';

import { expectStatus, postJson } from './src/api.js';
import { Browser, hasBrowser } from './src/browser.js';
import { Leasehold, parts } from './src/leasehold.js';
import { checkScreen } from './src/screen-check.js';

/** 1,000,000 is the full size. */
const KEYS = Number(process.env['CONSOLE_KEYS'] ?? 20_000);
const DATABASE = 'many-keys';
/** 100,000 is the full size. */
const DATABASES = Number(process.env['CONSOLE_DATABASES'] ?? 10_000);
const DATABASES_AT_ONCE = 1_000;
const DATABASE_ROW_PX = 44;
const COMMIT_OPS = 1_000;
const COMMITS_AT_ONCE = 4;
/** Six pages of 500 entries. */
const HELD_ENTRIES = 3_000;
const ROWS = 100;
const ROW_HEIGHT_PX = 32;
/** From the first pages to the last: the cursors of 2,000 of them. */
const HEAP_GROWTH_BYTES = 24 * 1_048_576;
const LOOKS = 12;
const MS_PER_KEY = 1;

const required = process.env['LEASEHOLD_REQUIRE_LANES'] === '1';
const describeWithBrowser = hasBrowser || required ? describe : describe.skip;

/** Scrolls to the end of what is known until so many keys are, and tells the most that was held and drawn. */
async function scrollUntil(page: Page, keys: number): Promise<{ held: number; drawn: number; known: number }> {
  return page.evaluate(async (wanted) => {
    const frame = document.querySelector('[role=region][aria-label=Entries]') as HTMLElement;
    const told = document.querySelector('[data-held]') as HTMLElement;
    const most = { held: 0, drawn: 0, known: 0 };
    while (most.known < wanted) {
      frame.scrollTo(0, frame.scrollHeight);
      await new Promise((resolve) => requestAnimationFrame(resolve));
      most.held = Math.max(most.held, Number(told.dataset['held']));
      most.drawn = Math.max(most.drawn, frame.querySelectorAll('[role=row]').length);
      most.known = Number(told.textContent?.replace(/\D/g, ''));
    }
    return most;
  }, keys);
}

/** Scrolls to the end of a list of databases until there are no more, and tells how many there are and the most that was drawn. */
async function scrollToLast(page: Page): Promise<{ drawn: number; known: number }> {
  return page.evaluate(async () => {
    const frame = document.querySelector('[role=region][aria-label=Databases]') as HTMLElement;
    const told = frame.nextElementSibling as HTMLElement;
    let drawn = 0;
    for (let areMore = true; areMore; areMore = told.textContent?.includes('more') ?? true) {
      frame.scrollTo(0, frame.scrollHeight);
      await new Promise((resolve) => requestAnimationFrame(resolve));
      drawn = Math.max(drawn, frame.querySelectorAll('[role=row]').length);
    }
    return { drawn, known: Number(told.textContent?.replace(/\D/g, '')) };
  });
}

describeWithBrowser(`a database of ${KEYS} keys in the console${hasBrowser ? '' : ' (no browser here)'}`, () => {
  let postgres: TestPostgres;
  let metadata: Metadata;
  let leasehold: Leasehold;
  let browser: Browser;
  let page: Page;
  let devTools: CDPSession;
  let token: string;

  async function fill(): Promise<void> {
    const { controlPlane, gateway, tenant } = leasehold.ready;
    const { email, password } = tenant;
    const login = await postJson(`${controlPlane}/v1/login`, { email, password });
    expectStatus(login, 200);
    ({ token } = login.json<{ token: string }>());
    expectStatus(await postJson(`${controlPlane}/v1/databases`, { name: DATABASE }, token), 201);
    const firsts = Array.from({ length: Math.ceil(KEYS / COMMIT_OPS) }, (_, commit) => commit * COMMIT_OPS).values();
    const write = async () => {
      for (const first of firsts) {
        const ops = Array.from({ length: Math.min(COMMIT_OPS, KEYS - first) }, (_, at) => ({
          ...{ op: 'put', key: nameOf(first + at), json: first + at },
        }));
        expectStatus(await postJson(`${gateway}/v1/db/${DATABASE}/transactions`, { ops }, tenant.apiKey), 200);
      }
    };
    await Promise.all(Array.from({ length: COMMITS_AT_ONCE }, write));
  }

  beforeAll(
    async () => {
      postgres = await startTestPostgres();
      const databaseUrl = await postgres.createDatabase();
      const environment = { ...(await parts()), DATABASE_URL: databaseUrl };
      [leasehold, browser] = await Promise.all([Leasehold.up({ workers: 1, environment }), Browser.start()]);
      metadata = Metadata.open({ databaseUrl });
      await fill();
      page = await browser.open();
      devTools = await page.context().newCDPSession(page);
      await devTools.send('Performance.enable');
      await page.goto(`${leasehold.ready.console}/console/`);
      await page.fill('input[name=email]', leasehold.ready.tenant.email);
      await page.fill('input[name=password]', leasehold.ready.tenant.password);
      await page.getByRole('button', { name: 'Log in', exact: true }).click();
      await page.getByRole('button', { name: 'Account', exact: true }).waitFor();
    },
    120_000 + KEYS * MS_PER_KEY,
  );
  afterAll(async () => {
    await browser?.stop();
    await leasehold?.stop();
    await metadata?.close();
    await postgres?.close();
  }, 60_000);

  /** Of scripts, once the browser has tidied up. */
  async function heapBytes(): Promise<number> {
    await devTools.send('HeapProfiler.collectGarbage');
    const { metrics } = await devTools.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN;
  }

  it(
    'is scrolled through to its end, and no more than a window of it is held',
    async () => {
      await page.goto(`${leasehold.ready.console}/console/databases/${DATABASE}`);
      await page.getByRole('button', { name: nameOf(0), exact: true }).waitFor();
      await scrollUntil(page, HELD_ENTRIES);
      const before = await heapBytes();
      const startedAt = performance.now();
      const most = { held: 0, drawn: 0 };
      for (let look = 1; look <= LOOKS; look++) {
        const { held, drawn } = await scrollUntil(page, Math.floor((KEYS * look) / LOOKS));
        most.held = Math.max(most.held, held);
        most.drawn = Math.max(most.drawn, drawn);
      }
      const tookMs = performance.now() - startedAt;
      const grown = (await heapBytes()) - before;
      process.stderr.write(
        `${KEYS} keys scrolled through in ${Math.round(tookMs / 1_000)} s: ${most.held} held and ${most.drawn} drawn at most, ` +
          `${(before / 1_048_576).toFixed(1)} MiB of scripts grew by ${(grown / 1_048_576).toFixed(1)} MiB\n`,
      );
      expect(most.held).toBeLessThanOrEqual(HELD_ENTRIES);
      expect(most.drawn).toBeLessThanOrEqual(ROWS);
      expect(grown).toBeLessThan(HEAP_GROWTH_BYTES);
    },
    120_000 + KEYS * MS_PER_KEY,
  );

  it('shows what is in its middle, and at its end, when one goes there', async () => {
    const frame = page.getByRole('region', { name: 'Entries' });
    for (const row of [KEYS - 1, Math.floor(KEYS / 2), 0]) {
      await frame.evaluate((element, top) => element.scrollTo(0, top), row * ROW_HEIGHT_PX);
      await page.getByRole('button', { name: nameOf(row), exact: true }).waitFor();
    }
    expect(browser.complaints).toEqual([]);
  });

  it(
    `is one of ${DATABASES}, of which those that are in sight are drawn`,
    async () => {
      const me = await fetch(`${leasehold.ready.controlPlane}/v1/me`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const { organization } = (await me.json()) as { readonly organization: { readonly id: string } };
      await metadata.plans.agree(organization.id, { databases: 2 * DATABASES });
      for (let first = 0; first < DATABASES; first += DATABASES_AT_ONCE) {
        await metadata.prisma.database.createMany({
          data: Array.from({ length: DATABASES_AT_ONCE }, (_, at) => ({
            ...{ id: randomUUID(), organizationId: organization.id, name: databaseNameOf(first + at) },
          })),
        });
      }
      await page.goto(`${leasehold.ready.console}/console/databases`);
      const frame = page.getByRole('region', { name: 'Databases', exact: true });
      await frame.getByRole('link', { name: databaseNameOf(0) }).waitFor();
      const { drawn, known } = await scrollToLast(page);
      expect(known).toBe(await metadata.prisma.database.count({ where: { organizationId: organization.id } }));
      expect(known).toBeGreaterThan(DATABASES);
      expect(drawn).toBeLessThanOrEqual(ROWS);
      const middle = Math.floor(DATABASES / 2);
      await frame.evaluate((element, top) => element.scrollTo(0, top), middle * DATABASE_ROW_PX);
      await frame.getByRole('link', { name: databaseNameOf(middle) }).waitFor();
      expect(await checkScreen(page, 'databases-many')).toEqual([]);
      await page.getByLabel('Name begins with').fill(databaseNameOf(DATABASES - 1));
      await page.getByText('1 shown', { exact: true }).waitFor();
      expect(browser.complaints).toEqual([]);
    },
    120_000 + DATABASES * MS_PER_KEY,
  );
});

/** In front of all others, in the order of their numbers. */
function databaseNameOf(number: number): string {
  return `a-${String(number).padStart(6, '0')}`;
}

/** In the order of their numbers. */
function nameOf(number: number): string {
  return `key-${String(number).padStart(7, '0')}`;
}
