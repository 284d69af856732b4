import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CDPSession, Page } from 'playwright-core';

import { expectStatus, postJson } from './src/api.js';
import { Browser, hasBrowser } from './src/browser.js';
import { Leasehold } from './src/leasehold.js';

/** 1,000,000 is the full size. */
const KEYS = Number(process.env['CONSOLE_KEYS'] ?? 20_000);
const DATABASE = 'many-keys';
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

describeWithBrowser(`a database of ${KEYS} keys in the console${hasBrowser ? '' : ' (no browser here)'}`, () => {
  let leasehold: Leasehold;
  let browser: Browser;
  let page: Page;
  let devTools: CDPSession;

  async function fill(): Promise<void> {
    const { controlPlane, gateway, tenant } = leasehold.ready;
    const { email, password } = tenant;
    const login = await postJson(`${controlPlane}/v1/login`, { email, password });
    expectStatus(login, 200);
    const { token } = login.json<{ token: string }>();
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
      [leasehold, browser] = await Promise.all([Leasehold.up({ workers: 1 }), Browser.start()]);
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
});

/** In the order of their numbers. */
function nameOf(number: number): string {
  return `key-${String(number).padStart(7, '0')}`;
}
