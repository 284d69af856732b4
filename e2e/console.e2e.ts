import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { Browser, hasBrowser } from './src/browser.js';
import { Leasehold } from './src/leasehold.js';
import { checkScreen } from './src/screen-check.js';
import { totp } from './src/totp.js';

/** Of script, compressed, before any screen is chosen. */
const FIRST_LOAD_BYTES = 200 * 1_024;
/** What is asked here listens on this machine. */
const NO_PROXY = `curl() { command curl --silent --noproxy '*' "$@"; }`;

const required = process.env['LEASEHOLD_REQUIRE_LANES'] === '1';
const describeWithBrowser = hasBrowser || required ? describe : describe.skip;

describeWithBrowser(`the console${hasBrowser ? '' : ' (no browser here: apt-get install chromium)'}`, () => {
  let leasehold: Leasehold;
  let browser: Browser;
  let page: Page;
  let key: string;
  /** Of the first invitation. */
  let invited: string;
  let backupCodes: readonly string[];

  const heading = (name: string) => page.getByRole('heading', { name, exact: true }).waitFor();
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const open = (path: string) => page.goto(`${leasehold.ready.console}/console${path}`);
  const logOut = async () => {
    await press('Account');
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await heading('Log in');
  };
  /** What a mail to somebody links to; mails come when they come. @param used of a mail that came before */
  const mailedLink = async (screen: string, used?: string) => {
    const link = new RegExp(`href="([^"]*/console/${screen}#[^"]+)"`, 'g');
    for (;;) {
      const mails = await (await fetch(`${leasehold.ready.controlPlane}/mailbox`)).text();
      const urls = [...mails.matchAll(link)].map(([, url]) => url?.replaceAll('&amp;', '&'));
      const url = urls.find((each) => each !== used);
      if (url !== undefined) return url;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const send = (path: string, init: RequestInit) =>
    fetch(`${leasehold.ready.gateway}/v1/db/${path}`, { ...init, headers: { authorization: `Bearer ${key}` } });
  const write = (path: string, body: string) => send(path, { method: 'PUT', body });
  const remove = (path: string) => send(path, { method: 'DELETE' });

  beforeAll(async () => {
    [leasehold, browser] = await Promise.all([Leasehold.up(), Browser.start()]);
    page = await browser.open();
  }, 120_000);
  afterAll(async () => {
    await browser?.stop();
    await leasehold?.stop();
  }, 60_000);

  it('loads little script before a screen is chosen', async () => {
    const scripts: Promise<Buffer>[] = [];
    page.on('response', (answer) => {
      if (answer.request().resourceType() === 'script') scripts.push(answer.body());
    });
    await page.goto(leasehold.ready.console);
    await heading('Log in');
    page.removeAllListeners('response');
    const sizes = (await Promise.all(scripts)).map((script) => gzipSync(script).length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(total).toBeGreaterThan(10_000);
    expect(total).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
  });

  it('leads a stranger from signing up to the first request', async () => {
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.fill('input[name=organization]', 'Browser & Sons');
    await page.fill('input[name=email]', 'browser@example.com');
    await page.fill('input[name=password]', 'a password of some length');
    await press('Create account');
    await heading('Get started');
    await page.getByRole('button', { name: 'Organization Browser & Sons: change' }).waitFor();

    await page.getByLabel('Name').fill('first');
    await press('Create database');
    const waiting = page.waitForResponse((answer) => answer.url().includes('/changes') && answer.ok());
    await press('Create key');
    const snippet = (await page.getByLabel('curl snippet', { exact: true }).textContent()) ?? '';
    key = /lh_\w+/.exec(snippet)?.[0] ?? '';
    expect(snippet).toContain(`${leasehold.ready.gateway}/v1/db/first/keys/greeting`);
    await waiting;
    expect(await page.getByText('First request received').count()).toBe(0);
    // As whoever copies it into a terminal.
    await promisify(execFile)('bash', ['-c', `${NO_PROXY}\n${snippet}`]);
    await page.getByText('First request received').waitFor();
  }, 60_000);

  it('shows what was written, and the key no more', async () => {
    await page.getByRole('link', { name: 'Look at your data' }).click();
    await page.getByRole('button', { name: 'greeting' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'greeting' }).waitFor();
    expect(await page.getByRole('region', { name: 'Entries' }).textContent()).toContain('hello');
    expect(await page.content()).not.toContain(key);
  }, 60_000);

  it('writes only over what was seen, and lays what others wrote beside it', async () => {
    await page.getByRole('button', { name: 'greeting' }).click();
    const value = page.getByRole('textbox', { name: 'Value' });
    await value.waitFor();
    const before = new Date().toISOString();
    await write('first/keys/greeting', 'theirs');
    await value.fill('mine');
    await press('Save');
    await page.getByText('Somebody else was faster').waitFor();
    expect(await page.getByLabel('Yours', { exact: true }).textContent()).toBe('mine');
    expect(await page.getByLabel('Theirs', { exact: true }).textContent()).toBe('theirs');
    await press('Write mine over it');
    await page.getByText('Saved.').waitFor();
    const read = await fetch(`${leasehold.ready.gateway}/v1/db/first/keys/greeting`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(await read.text()).toBe('mine');
    await open(`/databases/first?at=${before}`);
    await page.getByText('This is how it was').waitFor();
    expect(await page.getByRole('region', { name: 'Entries' }).textContent()).toContain('hello');
  }, 60_000);

  it('deletes only what was seen, and asks again about what others wrote', async () => {
    await write('first/keys/doomed', 'one');
    await open(`/databases/first?key=${Buffer.from('doomed').toString('base64url')}`);
    await page.getByRole('textbox', { name: 'Value' }).waitFor();
    await write('first/keys/doomed', 'two');
    await press('Delete');
    await page.getByText('Somebody else was faster').waitFor();
    expect(await page.getByLabel('Yours', { exact: true }).textContent()).toBe('(to be deleted)');
    expect(await page.getByLabel('Theirs', { exact: true }).textContent()).toBe('two');
    expect(await checkScreen(page, 'conflict')).toEqual([]);
    const read = () => send('first/keys/doomed', {});
    expect(await (await read()).text()).toBe('two');
    await press('Delete it all the same');
    await page.getByText('Deleted.').waitFor();
    expect((await read()).status).toBe(404);
    // Where others have deleted it as well there is nothing left to do.
    await write('first/keys/doomed', 'three');
    await open(`/databases/first?key=${Buffer.from('doomed').toString('base64url')}`);
    await page.getByRole('textbox', { name: 'Value' }).waitFor();
    await remove('first/keys/doomed');
    await press('Delete');
    await page.getByText('Nothing was deleted from here.').waitFor();
    expect(await page.getByLabel('Theirs', { exact: true }).textContent()).toBe('(deleted)');
    expect(await page.getByRole('button', { name: 'Delete it all the same' }).count()).toBe(0);
    await press('Take theirs');
    await page.getByText('Somebody else was faster').waitFor({ state: 'detached' });
  }, 60_000);

  it('leaves as they are when a key ends, and the ends of its lines', async () => {
    const at = `${leasehold.ready.gateway}/v1/db/first/keys/session`;
    const headers = { authorization: `Bearer ${key}` };
    await fetch(at, { method: 'PUT', headers: { ...headers, 'leasehold-ttl': '3600' }, body: 'one\r\ntwo' });
    const endsAt = async () => (await fetch(at, { headers })).headers.get('leasehold-expires-at');
    const before = await endsAt();
    expect(before).not.toBeNull();
    await open(`/databases/first?key=${Buffer.from('session').toString('base64url')}`);
    await page.getByRole('textbox', { name: 'Value' }).fill('one\ntwo\nthree');
    await press('Save');
    await page.getByText('Saved.').waitFor();
    expect([await endsAt(), await (await fetch(at, { headers })).text()]).toEqual([before, 'one\r\ntwo\r\nthree']);
    await page.getByRole('switch', { name: 'It stays from now on' }).check();
    await press('Save');
    while ((await endsAt()) !== null) await new Promise((resolve) => setTimeout(resolve, 200));
  }, 60_000);

  it('tells of changes as they happen', async () => {
    await open('/databases/first/changes');
    await page.getByText('Live.').waitFor();
    const rows = page.getByRole('table', { name: 'Changes' });
    // Told from the moment on at which the feed begins, which nothing on the screen tells.
    while ((await rows.count()) === 0) {
      await write('first/keys/live', String(Date.now()));
      await rows.waitFor({ timeout: 1_000 }).catch(() => undefined);
    }
    expect(await rows.textContent()).toContain('live');
  }, 60_000);

  it('acts in every tab for the organization that was chosen in one', async () => {
    const present = (name: string, of = page) =>
      of.getByRole('button', { name: `Organization ${name}: change` }).waitFor();
    const other = await browser.open();
    await other.goto(`${leasehold.ready.console}/console/databases`);
    await present('Browser & Sons', other);
    await other.getByRole('link', { name: 'first', exact: true }).waitFor();
    await open('/settings/new-organization');
    await page.getByLabel('Name of the organization').fill('Second & Sons');
    expect(await checkScreen(page, 'new-organization')).toEqual([]);
    await press('Create organization');
    await present('Second & Sons');
    // As when one comes back to the tab.
    await other.evaluate(() => window.dispatchEvent(new Event('visibilitychange')));
    await present('Second & Sons', other);
    await other.getByText('No databases yet').waitFor();
    await press('Organization Second & Sons: change');
    await page.getByRole('menuitem', { name: 'Browser & Sons' }).click();
    await present('Browser & Sons');
    await page.getByRole('link', { name: 'first', exact: true }).waitFor();
    await other.close();
  }, 60_000);

  it('logs out, refuses a wrong password, and logs in to the address that was wanted', async () => {
    await open('/keys');
    await page.getByText('First key').waitFor();
    await logOut();
    await open('/databases/first');
    await page.fill('input[name=email]', 'browser@example.com');
    await page.fill('input[name=password]', 'not the password at all');
    await press('Log in');
    await page.getByRole('alert').waitFor();
    await page.fill('input[name=password]', 'a password of some length');
    await press('Log in');
    await heading('first');
    await page.getByRole('button', { name: 'greeting' }).waitFor();
  }, 60_000);

  it('shows the secret of a webhook once each time, and says why it cannot be tested', async () => {
    const url = 'https://hooks.example.com/leasehold';
    await open('/webhooks');
    await page.getByRole('button', { name: 'Create webhook' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('URL').fill(url);
    await press('Create');
    await dialog.getByLabel('signing secret', { exact: true }).waitFor();
    await press('Done');
    await page.getByRole('link', { name: url }).click();
    await press('Rotate secret');
    await press('Rotate');
    await dialog.getByLabel('signing secret', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await press('Rotate secret');
    await dialog.getByRole('button', { name: 'Rotate', exact: true }).waitFor();
    expect(await dialog.getByLabel('signing secret', { exact: true }).count()).toBe(0);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    const test = '**/v1/webhooks/*/test';
    await page.route(test, (route) =>
      route.fulfill({ status: 503, json: { status: 503, detail: 'not at the moment' } }),
    );
    await press('Send a test');
    await page.locator('[data-failure]').getByText('Not at the moment.').waitFor();
    await page.unroute(test);
    // What it was sent stands below, whatever becomes of it.
    await press('Send a test');
    await page.getByText('A test event is on its way.').waitFor();
    await page.getByRole('table', { name: 'Deliveries' }).getByText('webhook.test').first().waitFor();
    expect(await checkScreen(page, 'webhook')).toEqual([]);
  }, 60_000);

  it('invites somebody, who sees what their role may', async () => {
    await page.goto(await mailedLink('verify-email'));
    await page.getByRole('button', { name: 'Confirm', exact: true }).waitFor();
    expect(await checkScreen(page, 'verify-email')).toEqual([]);
    await press('Confirm');
    await page.getByText('Your address is confirmed.').waitFor();
    await open('/members');
    await press('Invite');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('E-mail address').fill('viewer@example.com');
    await dialog.getByRole('radio', { name: /^viewer/ }).check();
    await press('Send invitation');
    await page.getByRole('button', { name: 'Take back the invitation of viewer@example.com' }).waitFor();
    await logOut();
    invited = await mailedLink('invitation');
    await page.goto(invited);
    await page.fill('input[name=email]', 'viewer@example.com');
    await page.fill('input[name=password]', 'a password of a viewer');
    expect(await checkScreen(page, 'invitation')).toEqual([]);
    await press('Create account and accept');
    await heading('Databases');
    await page.getByRole('link', { name: 'first' }).waitFor();
    expect(await page.getByRole('button', { name: 'Create database' }).count()).toBe(0);
    await open('/keys');
    await heading('This is not for your role');
    await open('/databases/first');
    await heading('The data is not for your role');
  }, 60_000);

  it('asks for a second factor once it is on', async () => {
    await open('/profile');
    await press('Turn on');
    const dialog = page.getByRole('dialog');
    await dialog.locator('input[type=password]').fill('a password of a viewer');
    await press('Continue');
    const secret = (await dialog.getByLabel('secret', { exact: true }).textContent()) ?? '';
    await dialog.getByLabel('Code that the app shows').fill(totp(secret.trim()));
    await dialog.getByRole('button', { name: 'Turn on' }).click();
    const codes = (await dialog.getByLabel('backup codes', { exact: true }).textContent()) ?? '';
    backupCodes = codes.trim().split('\n');
    await press('I have them');
    await page.getByText('10 backup codes left').waitFor();
    await logOut();
    await page.fill('input[name=email]', 'viewer@example.com');
    await page.fill('input[name=password]', 'a password of a viewer');
    await press('Log in');
    await heading('Second factor');
    expect(await checkScreen(page, 'second-factor')).toEqual([]);
    await page.fill('input[name=code]', backupCodes[0] ?? '');
    await press('Continue');
    await heading('Databases');
  }, 60_000);

  it('lets somebody with a second factor accept another invitation', async () => {
    await logOut();
    await page.fill('input[name=email]', 'browser@example.com');
    await page.fill('input[name=password]', 'a password of some length');
    await press('Log in');
    await page.getByRole('button', { name: 'Account', exact: true }).waitFor();
    await press('Organization Browser & Sons: change');
    await page.getByRole('menuitem', { name: 'Second & Sons' }).click();
    await page.getByRole('button', { name: 'Organization Second & Sons: change' }).waitFor();
    await open('/members');
    await press('Invite');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('E-mail address').fill('viewer@example.com');
    await dialog.getByRole('radio', { name: /^developer/ }).check();
    await press('Send invitation');
    await page.getByRole('button', { name: 'Take back the invitation of viewer@example.com' }).waitFor();
    await logOut();
    await page.goto(await mailedLink('invitation', invited));
    await press('I have an account');
    await page.fill('input[name=email]', 'viewer@example.com');
    await page.fill('input[name=password]', 'a password of a viewer');
    await press('Log in and accept');
    await heading('Second factor');
    await page.fill('input[name=code]', 'not a code');
    await press('Continue');
    await page.getByRole('alert').waitFor();
    await page.fill('input[name=code]', backupCodes[1] ?? '');
    await press('Continue');
    await heading('Databases');
    await page.getByRole('button', { name: 'Organization Second & Sons: change' }).waitFor();
    await page.getByRole('button', { name: 'Create database' }).first().waitFor();
  }, 60_000);

  it('lets somebody who forgot the password choose another', async () => {
    await logOut();
    await page.getByRole('link', { name: 'Forgot' }).click();
    await heading('Reset your password');
    await page.fill('input[name=email]', 'browser@example.com');
    expect(await checkScreen(page, 'forgot-password')).toEqual([]);
    await press('Mail me a link');
    await page.getByText('Look into your mail').waitFor();
    await page.goto(await mailedLink('reset-password'));
    await page.fill('input[name=password]', 'another password of some length');
    expect(await checkScreen(page, 'reset-password')).toEqual([]);
    await press('Change password');
    await page.getByText('Your password is changed.').waitFor();
    await page.getByRole('link', { name: 'Log in', exact: true }).click();
    await page.fill('input[name=email]', 'browser@example.com');
    await page.fill('input[name=password]', 'another password of some length');
    await press('Log in');
    await page.getByRole('button', { name: 'Account', exact: true }).waitFor();
  }, 60_000);

  it('gives the browser nothing to complain about', () => {
    expect(browser.complaints).toEqual([]);
  });
});
