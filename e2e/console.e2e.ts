import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

import { Leasehold } from './src/leasehold.js';

const CHROMIUM = process.env['CHROMIUM_PATH'] || '/usr/bin/chromium';
const present = existsSync(CHROMIUM);
const required = process.env['LEASEHOLD_REQUIRE_LANES'] === '1';
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const describeWithBrowser = present || required ? describe : describe.skip;

describeWithBrowser(`the console${present ? '' : ' (no browser here: apt-get install chromium)'}`, () => {
  let leasehold: Leasehold;
  let profile: string;
  let browser: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    leasehold = await Leasehold.up();
    profile = await mkdtemp(path.join(tmpdir(), 'leasehold-chromium-'));
    browser = await chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, args: QUIET });
    page = await browser.newPage();
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // A refused write is an answer that the page shows; anything else in the console is a fault of ours.
      if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
        complaints.push(message.text());
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await leasehold?.stop();
    if (profile) await rm(profile, { recursive: true, force: true });
  }, 60_000);

  it('lets a stranger sign up, create a database, and write and read a key', async () => {
    await page.goto(leasehold.ready.console);
    await page.click('#switch-mode');
    await page.fill('#organization-name', 'Browser & Sons');
    await page.fill('#sign-in-email', 'browser@example.com');
    await page.fill('#sign-in-password', 'a password of some length');
    await page.click('#sign-in button[type=submit]');
    await page.waitForSelector('#workspace:not([hidden])');
    expect(await page.textContent('#organization')).toBe('Browser & Sons');

    await page.fill('#database-name', 'first');
    await page.click('#create-database button[type=submit]');
    await page.waitForFunction(() => document.querySelector('#database-title')?.textContent === 'first');

    await page.click('#create-console-key');
    await page.waitForSelector('#data:not([hidden])');
    await page.click('#new-entry');
    await page.fill('#entry-key', 'hello');
    await page.fill('#entry-value', 'from a browser');
    await page.click('#save-entry');
    await page.waitForFunction(() => document.querySelector('#entries')?.textContent?.includes('hello') ?? false);

    await page.reload();
    await page.waitForFunction(() => document.querySelector('#entries')?.textContent?.includes('hello') ?? false);
  }, 60_000);

  it('makes a key that works outside of the browser, and shows it once', async () => {
    await page.click('#new-key');
    await page.fill('#key-name', 'outside');
    await page.click('#create-key button[type=submit]');
    await page.waitForSelector('#created-key:not([hidden])');
    const key = await page.inputValue('#key-secret');
    const read = await fetch(`${leasehold.ready.gateway}/v1/db/first/keys/hello`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(await read.text()).toBe('from a browser');
    await page.click('#created-key [data-close]');
    await page.waitForSelector('#key-dialog', { state: 'hidden' });
    await page.waitForFunction((secret) => !document.documentElement.outerHTML.includes(secret), key);
    expect(await page.inputValue('#key-secret')).toBe('');
  }, 60_000);

  it('logs out, refuses a wrong password and logs in again', async () => {
    await page.click('#log-out');
    await page.waitForSelector('#welcome:not([hidden])');
    await page.fill('#sign-in-email', 'browser@example.com');
    await page.fill('#sign-in-password', 'not the password at all');
    await page.click('#sign-in button[type=submit]');
    await page.waitForSelector('#sign-in .problem:not([hidden])');
    await page.fill('#sign-in-password', 'a password of some length');
    await page.click('#sign-in button[type=submit]');
    await page.waitForSelector('#workspace:not([hidden])');
    expect(await page.textContent('#databases')).toContain('first');
  }, 60_000);

  it('finds nothing to complain about in the browser', () => {
    expect(complaints).toEqual([]);
  });
});
