import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page, Route } from 'playwright-core';

import { expectStatus, postJson } from './src/api.js';
import { Browser, hasBrowser } from './src/browser.js';
import { CommandLine } from './src/command-line.js';
import { makeConsoleWorld, type ConsoleWorld } from './src/console-world.js';
import { Leasehold } from './src/leasehold.js';
import { checkScreen } from './src/screen-check.js';

const PAGE_ENTRIES = 1_000;
const PHONE = { width: 390, height: 780 };
const WIDE = { width: 1_360, height: 860 };

const required = process.env['LEASEHOLD_REQUIRE_LANES'] === '1';
const describeWithBrowser = hasBrowser || required ? describe : describe.skip;

interface ReadPage {
  readonly lists: readonly [
    {
      readonly entries: readonly { readonly key: string; readonly value: string }[];
      readonly cursor: string | null;
    },
  ];
}

/** Key and value of each line, in base64, in the order of the file. */
function entriesOfFile(file: string): readonly (readonly [key: string, value: string])[] {
  const lines = file.split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => {
    const { key, key64, value, value64 } = JSON.parse(line) as Readonly<Record<string, string | undefined>>;
    const base64 = (text: string | undefined, coded: string | undefined) =>
      (coded === undefined ? Buffer.from(text ?? '') : Buffer.from(coded, 'base64url')).toString('base64');
    return [base64(key, key64), base64(value, value64)];
  });
}

/** A commit, or a page of an export: the data browser reads smaller ones. */
function isOfTransfer(route: Route): boolean {
  if (route.request().method() !== 'POST') return false;
  const { ops, lists } = route.request().postDataJSON() as {
    readonly ops?: unknown;
    readonly lists?: readonly { readonly limit?: number }[];
  };
  return ops !== undefined || lists?.[0]?.limit === PAGE_ENTRIES;
}

describeWithBrowser(`export and import in the console${hasBrowser ? '' : ' (no browser here)'}`, () => {
  let leasehold: Leasehold;
  let browser: Browser;
  let page: Page;
  let world: ConsoleWorld;
  let folder: string;
  let cli: CommandLine;
  /** What the console has exported of the database `shop`, as text. */
  let exported: string;

  const open = (address: string) => page.goto(`${leasehold.ready.console}/console/databases/${address}`);
  const dialog = () => page.getByRole('dialog');
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const pressInside = (name: string) => dialog().getByRole('button', { name, exact: true }).click();
  const file = (text: string, name = 'entries.jsonl') => {
    const to = path.join(folder, name);
    writeFileSync(to, text);
    return to;
  };
  const exportHere = async () => {
    await press('Export');
    const download = page.waitForEvent('download');
    await pressInside('Export');
    const text = readFileSync(await (await download).path(), 'utf8');
    await dialog().getByText('Exported: ').first().waitFor();
    return { text, name: (await download).suggestedFilename() };
  };
  const chooseFile = async (text: string) => {
    await press('Import');
    await dialog().locator('input[type=file]').setInputFiles(file(text));
  };
  /** What the API tells of a database, in base64. */
  const entriesOf = async (database: string) => {
    const entries: (readonly [key: string, value: string])[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const body = { lists: [{ limit: PAGE_ENTRIES, cursor }], encoding: 'base64' };
      const answer = await postJson(`${leasehold.ready.gateway}/v1/db/${database}/reads`, body, world.apiKey);
      expectStatus(answer, 200);
      const [list] = answer.json<ReadPage>().lists;
      entries.push(...list.entries.map(({ key, value }) => [key, value] as const));
      ({ cursor } = list);
    }
    return entries;
  };
  /** Holds the calls of a transfer back from this one on, until they may go on. @param from counted from 1 */
  const holdFrom = async (calls: string, from: number) => {
    let count = 0;
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let reached: () => void = () => undefined;
    const isReached = new Promise<void>((resolve) => (reached = resolve));
    await page.route(`**/v1/db/${calls}`, async (route) => {
      if (isOfTransfer(route) && ++count >= from) {
        reached();
        await held;
      }
      // What was cancelled meanwhile is gone.
      await route.continue().catch(() => undefined);
    });
    return { letGo, isReached };
  };

  beforeAll(async () => {
    [leasehold, browser] = await Promise.all([Leasehold.up({ workers: 1 }), Browser.start()]);
    [world, page] = await Promise.all([makeConsoleWorld(leasehold.ready, 'transfers@example.com'), browser.open()]);
    folder = mkdtempSync(path.join(tmpdir(), 'leasehold-transfer-'));
    cli = new CommandLine(folder);
    const { gateway, controlPlane } = leasehold.ready;
    await cli.ok(['login', '--url', gateway, '--control-url', controlPlane], { input: `${world.apiKey}\n` });
    // A file is chosen in a window of the system, which no test can press.
    await page.addInitScript(() => void Object.assign(window, { showSaveFilePicker: undefined }));
    await page.goto(leasehold.ready.console);
    await page.fill('input[name=email]', world.email);
    await page.fill('input[name=password]', world.password);
    await press('Log in');
    await page.getByRole('button', { name: 'Account', exact: true }).waitFor();
  }, 180_000);
  afterEach(async () => {
    await page?.unrouteAll({ behavior: 'ignoreErrors' });
  });
  afterAll(async () => {
    await browser?.stop();
    await leasehold?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('exports every entry that the API tells of, in the bytes of the command line', async () => {
    await open('shop');
    const { text, name } = await exportHere();
    exported = text;
    expect(name).toMatch(/^shop-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.jsonl$/);
    const entries = entriesOfFile(text);
    expect(entries).toHaveLength(world.entries);
    expect(entries).toEqual(await entriesOf('shop'));
    await cli.ok(['export', 'shop', '--out', path.join(folder, 'shop.jsonl')]);
    expect(readFileSync(path.join(folder, 'shop.jsonl'), 'utf8')).toBe(text);
    await dialog()
      .getByText(`${world.entries.toLocaleString('en-US')} entries`)
      .first()
      .waitFor();
    await pressInside('Done');
    await dialog().waitFor({ state: 'hidden' });
    // Where the keyboard was before.
    await page.waitForFunction(() => document.activeElement?.textContent === 'Export');
  }, 120_000);

  it('exports what begins so, as it was', async () => {
    const put = (value: string) =>
      fetch(`${leasehold.ready.gateway}/v1/db/customer-3/keys/${encodeURIComponent('users/ada')}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${world.apiKey}` },
        body: value,
      });
    for (const key of ['orders/1', 'users/ada']) await cli.ok(['put', 'customer-3', key, 'before']);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const at = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await put('after')).status).toBe(200);
    const prefix = Buffer.from('users/').toString('base64url');
    await open(`customer-3?prefix=${prefix}&at=${at}`);
    await page.getByText('This is how it was').waitFor();
    expect(await page.getByRole('button', { name: 'Import', exact: true }).isDisabled()).toBe(true);
    expect((await exportHere()).text).toBe('{"key":"users/ada","value":"before"}\n');
  }, 60_000);

  it('exports only the range that is looked at', async () => {
    const [prefix, start, end] = ['orders/', 'orders/000010', 'orders/000012'].map((key) =>
      Buffer.from(key).toString('base64url'),
    );
    await open(`shop?prefix=${prefix}&range=${start}..${end}`);
    await page.getByRole('button', { name: 'orders/000011' }).waitFor();
    const { text } = await exportHere();
    await pressInside('Done');
    expect(text).toBe(
      exported
        .split(/(?<=\n)/)
        .filter((line) => /"orders\/00001[01]"/.test(line))
        .join(''),
    );
    expect(text.split('\n')).toHaveLength(3);
  }, 60_000);

  it('goes on behind what it has, in the same state, when reading was refused', async () => {
    await open('shop');
    let reads = 0;
    await page.route('**/v1/db/shop/reads', async (route) => {
      if (!isOfTransfer(route) || ++reads !== 3) return route.continue();
      const response = await route.fetch();
      await route.fulfill({ response, status: 403, json: { status: 403, code: 'forbidden', detail: 'not now' } });
    });
    await press('Export');
    await pressInside('Export');
    await dialog().getByRole('alert').waitFor();
    await dialog().getByText('until then').waitFor();
    expect(await checkScreen(page, 'export-failed')).toEqual([]);
    await cli.ok(['put', 'shop', 'zz-later', 'not in this state']);
    const download = page.waitForEvent('download');
    await pressInside('Go on');
    expect(readFileSync(await (await download).path(), 'utf8')).toBe(exported);
    await cli.ok(['delete', 'shop', 'zz-later']);
  }, 60_000);

  it('cancels an export while it reads, and keeps nothing', async () => {
    await open('shop');
    await page.getByRole('button', { name: 'orders/000000' }).waitFor();
    await press('Export');
    await dialog().getByText('All keys of shop').waitFor();
    expect(await checkScreen(page, 'export')).toEqual([]);
    const { isReached, letGo } = await holdFrom('shop/reads', 3);
    let downloads = 0;
    page.on('download', () => downloads++);
    await pressInside('Export');
    await isReached;
    await page.getByRole('progressbar', { name: 'Export' }).waitFor();
    await dialog().getByText('2,000').waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel');
    expect(await checkScreen(page, 'export-running')).toEqual([]);
    await page.keyboard.press('Escape');
    await pressInside('Cancel');
    await page.getByText('The export was cancelled.').waitFor();
    await dialog().waitFor({ state: 'hidden' });
    letGo();
    expect(downloads).toBe(0);
    page.removeAllListeners('download');
  }, 60_000);

  it('writes into the file that was chosen, where the browser lets it', async () => {
    const chooser = await browser.open();
    // A folder of the browser's own stands for the window of the system.
    await chooser.addInitScript(() => {
      Object.assign(window, {
        showSaveFilePicker: async () =>
          (await navigator.storage.getDirectory()).getFileHandle('chosen.jsonl', { create: true }),
      });
    });
    await chooser.goto(`${leasehold.ready.console}/console/databases/shop`);
    await chooser.getByRole('button', { name: 'Export', exact: true }).click();
    await chooser.getByRole('dialog').getByRole('button', { name: 'Export', exact: true }).click();
    await chooser.getByRole('dialog').getByText('Exported: ').first().waitFor();
    const chosen = await chooser.evaluate(async () => {
      const handle = await (await navigator.storage.getDirectory()).getFileHandle('chosen.jsonl');
      return (await handle.getFile()).text();
    });
    expect(chosen).toBe(exported);
    await chooser.close();
  }, 60_000);

  it('imports a file of an export: then the database has the same entries, as after the command line', async () => {
    await open('customer-0');
    await page.getByText('No keys here').waitFor();
    await chooseFile(exported);
    expect(await checkScreen(page, 'import')).toEqual([]);
    await page.setViewportSize(PHONE);
    expect(await checkScreen(page, 'import-phone')).toEqual([]);
    expect((await dialog().boundingBox())?.width).toBeLessThanOrEqual(PHONE.width);
    await page.setViewportSize(WIDE);
    const lost = new Set<string>();
    const keys: string[] = [];
    await page.route('**/v1/db/customer-0/transactions', async (route: Route) => {
      const key = route.request().headers()['idempotency-key'];
      if (key === undefined) return route.continue();
      keys.push(key);
      // Of each third commit the first answer is lost, after it was applied.
      if (new Set(keys).size % 3 !== 0 || lost.has(key)) return route.continue();
      lost.add(key);
      await route.fetch();
      await route.abort('connectionreset');
    });
    await pressInside('Import');
    await dialog()
      .getByText(`${world.entries.toLocaleString('en-US')} entries are written.`)
      .first()
      .waitFor();
    expect(await checkScreen(page, 'import-done')).toEqual([]);
    expect(lost.size).toBeGreaterThan(1);
    expect(keys.length - new Set(keys).size).toBeGreaterThanOrEqual(lost.size);
    await pressInside('Done');
    // Read again by itself, the folders as well.
    await page.getByRole('button', { name: 'orders/000000' }).waitFor();
    await page.getByRole('button', { name: 'Open orders/' }).waitFor();
    expect(await entriesOf('customer-0')).toEqual(await entriesOf('shop'));
    await cli.ok(['import', 'customer-1', file(exported, 'of-the-console.jsonl')]);
    expect(await entriesOf('customer-1')).toEqual(await entriesOf('customer-0'));
  }, 120_000);

  it('stops an import between two commits, tells how far it came, and goes on from there', async () => {
    await open('customer-2');
    await chooseFile(exported);
    const { isReached, letGo } = await holdFrom('customer-2/transactions', 4);
    await pressInside('Import');
    await isReached;
    await page.getByRole('progressbar', { name: 'Import' }).waitFor();
    await dialog().getByText('1,500 entries').waitFor();
    expect(await checkScreen(page, 'import-running')).toEqual([]);
    const asked = page.waitForEvent('dialog');
    await page.evaluate(() => setTimeout(() => location.reload()));
    const question = await asked;
    expect(question.type()).toBe('beforeunload');
    await question.dismiss();
    await pressInside('Cancel');
    letGo();
    await dialog().getByText('The import was stopped. 2,000 entries are written.').first().waitFor();
    expect(await entriesOf('customer-2')).toEqual((await entriesOf('shop')).slice(0, 2_000));
    await pressInside('Go on');
    await dialog()
      .getByText(`${world.entries.toLocaleString('en-US')} entries are written.`)
      .first()
      .waitFor();
    expect(await entriesOf('customer-2')).toEqual(await entriesOf('shop'));
  }, 120_000);

  it('stops an import whose screen is left', async () => {
    await open('customer-4');
    await page.getByText('No keys here').waitFor();
    await chooseFile(exported);
    const { isReached, letGo } = await holdFrom('customer-4/transactions', 2);
    await pressInside('Import');
    await isReached;
    await page.evaluate(() => history.pushState(null, '', '/console/databases'));
    await page.getByRole('link', { name: 'customer-1', exact: true }).waitFor();
    letGo();
    await page.getByText('The import was stopped. 1,000 entries are written.').waitFor();
    expect(await entriesOf('customer-4')).toHaveLength(1_000);
  }, 60_000);

  it('names a bad line, and writes what stands before it and nothing behind it', async () => {
    await cli.ok(['put', 'customer-5', 'a', 'old']);
    await cli.ok(['put', 'customer-5', 'z', 'stays']);
    await open('customer-5');
    await chooseFile(
      '{"key":"a","value":"new"}\n\n{"key":"b","json":{"n":1}}\n{"key":"c"}\n{"key":"d","value":"no"}\n',
    );
    await pressInside('Import');
    await dialog().getByText('Line 4 needs one of value, value64, json.').waitFor();
    await dialog().getByText('What stands before it is written, 2 entries; nothing behind it is.').first().waitFor();
    expect(await dialog().getByRole('button', { name: 'Go on' }).count()).toBe(0);
    expect(await checkScreen(page, 'import-bad-line')).toEqual([]);
    expect(await cli.ok(['list', 'customer-5'])).toBe('a\tnew\nb\t{"n":1}\nz\tstays\n');
  }, 60_000);

  it('gives the browser nothing to complain about', () => {
    expect(browser.complaints).toEqual([]);
  });
});
