import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@leasehold/client';
import type { Page } from 'playwright-core';

import { Browser, hasBrowser } from './src/browser.js';
import { freePortPair, Leasehold, parts } from './src/leasehold.js';
import { NotesServer } from './src/notes-server.js';
import { until } from './src/until.js';

const README = path.resolve(import.meta.dirname, '../examples/notes/README.md');
const required = process.env['LEASEHOLD_REQUIRE_LANES'] === '1';
const TOKEN_TTL_SECONDS = 5;
/** Usage is told within seconds. */
const SOON = { USAGE_INTERVAL_MS: '1000', ROLL_UP_INTERVAL_MS: '1000' };
const FIRST = '#notes li:first-child';

/** The commands of the page, by their place on it. */
async function commandsOf(page: string): Promise<readonly string[]> {
  const text = await readFile(page, 'utf8');
  return Array.from(text.matchAll(/^```sh\n(.*?)^```$/gms), ([, block = '']) => block.trimEnd());
}

describe('the example that is a small SaaS', () => {
  let commands: readonly string[];
  let folder: string;

  beforeAll(async () => {
    commands = await commandsOf(README);
    folder = await mkdtemp(path.join(tmpdir(), 'leasehold-notes-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('runs in one process, by its first command', async () => {
    const [command = ''] = commands;
    const notes = await NotesServer.start(command, await freePortPair(), { LEASEHOLD_API_KEY: '' });
    try {
      const signedUp = await fetch(`${notes.origin}/api/sign-up`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'Acme', password: 'correct horse' }),
      });
      expect(signedUp.status).toBe(201);
      const cookie = signedUp.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
      const exported = await fetch(`${notes.origin}/api/export`, { headers: { cookie } });
      expect(await exported.json()).toMatchObject({ customer: 'Acme', notes: [{ text: expect.any(String) }] });
      expect((await fetch(`${notes.origin}/api/export`)).status).toBe(401);
    } finally {
      expect(await notes.stop()).toBe(0);
    }
  }, 60_000);

  describe('on a Leasehold of its own', () => {
    let leasehold: Leasehold;
    let notes: NotesServer;

    beforeAll(async () => {
      const [up = '', server = ''] = commands[1]?.split('\n') ?? [];
      expect(up).toMatch(/^\.\/leasehold up( |$)/);
      leasehold = await Leasehold.up({ environment: { ...(await parts()), ...SOON } });
      notes = await NotesServer.start(server.replace('lh_…', leasehold.ready.tenant.apiKey), await freePortPair(), {
        LEASEHOLD_URL: leasehold.ready.gateway,
        LEASEHOLD_CONTROL_URL: leasehold.ready.controlPlane,
        TOKEN_TTL_SECONDS: String(TOKEN_TTL_SECONDS),
        OPERATOR_PASSWORD: 'secret',
      });
    }, 120_000);
    afterAll(async () => {
      await notes?.stop();
      await leasehold?.stop();
    }, 60_000);

    /** With the addresses of this stack instead of those that people read. */
    async function shell(script = ''): Promise<string> {
      const adapted = script
        .replaceAll('http://127.0.0.1:3000', notes.origin)
        .replaceAll('http://127.0.0.1:4000', leasehold.ready.gateway);
      return (await promisify(execFile)('bash', ['-euc', adapted], { cwd: folder, timeout: 60_000 })).stdout;
    }

    it('keeps customers apart, as the commands of its page show', async () => {
      const printed = await shell(commands[2]);
      expect(printed).toContain('{"name":"Acme"}{"name":"Globex"}');
      expect(printed).toContain('"code":"database-not-found"');
      expect(printed).toContain('"status":404');
    }, 60_000);

    it('shows who runs it what each customer costs, and nobody else', async () => {
      const page = await shell(commands[3]);
      for (const name of ['Acme', 'Globex']) expect(page).toContain(`<th scope="row">${name}</th>`);
      expect(page).not.toContain('<td>0</td><td>0</td>');
      expect((await fetch(`${notes.origin}/costs`)).status).toBe(401);
      expect(commands).toHaveLength(4);
    }, 60_000);

    it('bills what a page does', async () => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ name: 'Hooli', password: 'correct horse' });
      const signedUp = await fetch(`${notes.origin}/api/sign-up`, { method: 'POST', headers, body });
      const cookie = signedUp.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
      const { url, database, token } = await (
        await fetch(`${notes.origin}/api/token`, { method: 'POST', headers: { cookie } })
      ).json();
      const page = connect({ url, database, token });
      for (let n = 0; n < 20; n++) await page.put(['notes', n, 'of a page'], { text: 'hello' });
      const operator = { authorization: `Basic ${Buffer.from('operator:secret').toString('base64')}` };
      const writeUnits = async () => {
        const costs = await (await fetch(`${notes.origin}/costs`, { headers: operator })).text();
        return Number(/Hooli<\/th><td>\d+<\/td><td>(\d+)<\/td>/.exec(costs)?.[1]);
      };
      // The first two notes of a customer are those of the server.
      let told = 0;
      await until(async () => (told = await writeUnits()) >= 22, 60_000);
      expect(told).toBe(22);
    }, 120_000);

    const describeWithBrowser = hasBrowser || required ? describe : describe.skip;
    describeWithBrowser(`in a browser${hasBrowser ? '' : ' (none here: apt-get install chromium)'}`, () => {
      let browser: Browser;
      let strangersBrowser: Browser;
      let one: Page;
      let two: Page;
      let stranger: Page;

      async function tab(of: Browser): Promise<Page> {
        const page = await of.open();
        await page.goto(`${notes.origin}/`);
        return page;
      }

      async function signUp(page: Page, name: string): Promise<void> {
        await page.waitForSelector('#welcome:not([hidden])');
        await page.fill('[name=name]', name);
        await page.fill('[name=password]', 'a password of some length');
        await page.click('[value=sign-up]');
        await page.waitForSelector('#workspace:not([hidden])');
      }

      async function add(page: Page, text: string): Promise<void> {
        await page.fill('#new-text', text);
        await page.click('#add button[type=submit]');
      }

      /** Asked by time: a tab behind another one draws no frames. */
      async function shows(page: Page, text: string): Promise<void> {
        try {
          await page.waitForFunction(
            ([selector, wanted]) => document.querySelector(`${selector} .text`)?.textContent === wanted,
            [FIRST, text] as const,
            { polling: 100 },
          );
        } catch (cause) {
          const problems = await Promise.all([one, two].map((each) => each.textContent('#problem')));
          const states = await Promise.all([one, two].map((each) => each.textContent('#state')));
          throw new Error(`not shown: ${text}; ${JSON.stringify({ problems, states })}`, { cause });
        }
      }
      const texts = (page: Page) => page.locator('#notes .text').allTextContents();

      beforeAll(async () => {
        browser = await Browser.start();
        strangersBrowser = await Browser.start();
        one = await tab(browser);
        await signUp(one, 'Initech');
        await one.waitForSelector('#notes li');
        two = await tab(browser);
        await two.waitForSelector('#notes li');
        stranger = await tab(strangersBrowser);
        await signUp(stranger, 'Umbrella');
        await stranger.waitForSelector('#notes li');
      }, 90_000);
      afterAll(async () => {
        await browser?.stop();
        await strangersBrowser?.stop();
      }, 60_000);

      it('shows in both tabs what is added, edited and deleted in one of them', async () => {
        await add(one, 'order paper');
        await shows(two, 'order paper');
        await two.click(`${FIRST} .edit`);
        await two.fill(`${FIRST} textarea`, 'order more paper');
        await two.click(`${FIRST} .save`);
        await shows(one, 'order more paper');
        await add(two, 'to be deleted');
        await shows(one, 'to be deleted');
        await one.click(`${FIRST} .delete`);
        await shows(two, 'order more paper');
        await shows(one, 'order more paper');
      }, 60_000);

      it('tells the other tab within a second', async () => {
        const text = 'how long does it take?';
        // Timed in the pages: what drives them is slower than what they show.
        const seen = two.evaluate(
          ([selector, wanted]) =>
            new Promise<number>((resolve) => {
              const look = () => {
                if (document.querySelector(`${selector} .text`)?.textContent === wanted) resolve(Date.now());
              };
              const list = document.querySelector('#notes');
              if (list) new MutationObserver(look).observe(list, { childList: true, subtree: true });
            }),
          [FIRST, text] as const,
        );
        const sentAt = await one.evaluate((wanted) => {
          const field = document.querySelector<HTMLTextAreaElement>('#new-text');
          if (field) field.value = wanted;
          document.querySelector<HTMLButtonElement>('#add button')?.click();
          return Date.now();
        }, text);
        expect((await seen) - sentAt).toBeLessThan(1_000);
        // The tab that has sent it hears of it by itself, too, and later tests go by what comes first in both.
        await shows(one, text);
      }, 30_000);

      it('overwrites nobody who was faster, and shows what they wrote', async () => {
        await one.click(`${FIRST} .edit`);
        await one.fill(`${FIRST} textarea`, 'mine');
        await two.click(`${FIRST} .edit`);
        await two.fill(`${FIRST} textarea`, 'theirs');
        await two.click(`${FIRST} .save`);
        await shows(one, 'theirs');
        await one.click(`${FIRST} .save`);
        await one.waitForSelector(`${FIRST} .conflict:not([hidden])`);
        expect(await one.textContent(`${FIRST} blockquote`)).toBe('theirs');
        expect((await texts(two))[0]).toBe('theirs');
        await one.click(`${FIRST} .save`);
        await shows(two, 'mine');
      }, 60_000);

      it('goes on with another token when the first has ended, and misses nothing', async () => {
        const count = async (page: Page) => Number(await page.textContent('#token-count'));
        const before = [await count(one), await count(two)];
        // Longer than the life of every token that was out, which ends with a whole second.
        await one.waitForTimeout((TOKEN_TTL_SECONDS + 2) * 1_000);
        await add(one, 'after the end of the token');
        await shows(two, 'after the end of the token');
        await shows(one, 'after the end of the token');
        expect(await count(one)).toBeGreaterThan(before[0] ?? 0);
        expect(await count(two)).toBeGreaterThan(before[1] ?? 0);
        expect(await two.locator('#problem').isHidden()).toBe(true);
      }, 60_000);

      it('shows nothing of it to another customer', async () => {
        expect(await texts(stranger)).toEqual([expect.stringContaining('Umbrella')]);
        const databases = [await one.textContent('#database'), await stranger.textContent('#database')];
        expect(databases[0]).not.toBe(databases[1]);
        const token = await stranger.evaluate(() =>
          fetch('/api/token', { method: 'POST' }).then(
            async (answer) => ((await answer.json()) as { token: string }).token,
          ),
        );
        const status = await stranger.evaluate(
          ([url, bearer]) =>
            fetch(url, { headers: { authorization: `Bearer ${bearer}` } }).then((answer) => answer.status),
          [`${leasehold.ready.gateway}/v1/db/${databases[0]}/keys`, token] as const,
        );
        expect(status).toBe(404);
      }, 60_000);

      it('says that a name is taken, and lets its owner in again after a sign-out', async () => {
        await stranger.click('#sign-out');
        await stranger.waitForSelector('#welcome:not([hidden])');
        expect(await texts(stranger)).toEqual([]);
        await stranger.fill('[name=name]', 'initech');
        await stranger.fill('[name=password]', 'another password');
        await stranger.click('[value=sign-up]');
        await stranger.waitForSelector('#account-problem:not([hidden])');
        expect(await stranger.textContent('#account-problem')).toContain('taken');
        await stranger.fill('[name=name]', 'Umbrella');
        await stranger.fill('[name=password]', 'a password of some length');
        await stranger.click('[value=sign-in]');
        await stranger.waitForSelector('#notes li');
        expect([...browser.complaints, ...strangersBrowser.complaints]).toEqual([]);
      }, 60_000);
    });
  });
});
