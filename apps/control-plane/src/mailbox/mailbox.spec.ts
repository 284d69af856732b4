import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { isLoopbackHost } from './loopback.js';
import { MailboxFolder } from './mailbox-folder.js';
import { mailboxPage } from './mailbox-page.js';

describe('mailbox folder', () => {
  let parent: string;
  let path: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'mailbox-'));
    path = join(parent, 'mailbox');
  });
  afterEach(() => rm(parent, { recursive: true }));

  const mail = (subject: string) => ({ to: 'a@example.com', subject, text: 'text' });

  it('keeps mails, newest first, readable to nobody else', async () => {
    const folder = new MailboxFolder(path);
    expect(await folder.list(10)).toEqual([]);
    for (const subject of ['one', 'two', 'three']) await folder.send(mail(subject));
    expect((await folder.list(2)).map(({ subject }) => subject)).toEqual(['three', 'two']);
    const [file] = await readdir(path);
    expect((await stat(join(path, file ?? ''))).mode & 0o077).toBe(0);
  });

  it('keeps the latest 200', async () => {
    const folder = new MailboxFolder(path);
    for (let i = 0; i < 203; i++) await folder.send(mail(`number ${i}`));
    const kept = await folder.list(1_000);
    expect([kept.length, kept[0]?.subject, kept.at(-1)?.subject]).toEqual([200, 'number 202', 'number 3']);
  });

  it('passes over what is not a mail', async () => {
    const folder = new MailboxFolder(path);
    await folder.send(mail('real'));
    await writeFile(join(path, 'notes.json'), '{}');
    await writeFile(join(path, `${'0'.repeat(26)}.json`), '{"to":');
    await writeFile(join(path, `${'1'.repeat(26)}.json`), '{"to":1}');
    expect((await folder.list(10)).map(({ subject }) => subject)).toEqual(['real']);
  });
});

describe('mailbox page', () => {
  const page = (text: string) =>
    mailboxPage(
      [{ to: '<i>@example.com', subject: '"<b>', text, sentAt: '2026-01-01T00:00:00.000Z' }],
      'http://localhost:4001',
    );

  it('shows everything as text', () => {
    const html = page('<script>alert(1)</script>');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    for (const markup of ['<script', '<i>', '<b>']) expect(html).not.toContain(markup);
  });

  it('links to this service and to nothing else', () => {
    const links = [
      ...page('http://localhost:4001/x.html#a&b\nhttps://evil.example/\njavascript:alert(1)\nno link').matchAll(
        /<a href="([^"]*)"/g,
      ),
    ];
    expect(links.map(([, href]) => href)).toEqual(['http://localhost:4001/x.html#a&amp;b']);
  });
});

it.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['[::1]', true],
  ['localhost.evil.example', false],
  ['0.0.0.0', false],
  ['', false],
])('knows whether %j is this machine: %p', (host, expected) => {
  expect(isLoopbackHost(host)).toBe(expected);
});
