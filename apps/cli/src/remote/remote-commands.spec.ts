import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ByteDatabase, Key } from '@leasehold/client';
import { encodeKey, UnauthorizedError, UnavailableError } from '@leasehold/client';
import { utf8 } from '@leasehold/foundation';
import { parseLine } from '@leasehold/protocol/json-lines';

import { CliError } from '../cli-error.js';
import { accessOf, controlAccessOf, loginUrlOf } from './access.js';
import { keyRange } from './key-range.js';
import { knownStats } from './known-stats.js';
import { list } from './list.js';
import { writeLogin } from './login-file.js';
import type { Output } from './output.js';
import { tail } from './tail.js';
import { fileBytes, remove } from './values.js';

let folder: string;
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leasehold-'));
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function outputOf(json: boolean): Output {
  return {
    json,
    line: async (text) => void lines.push(text),
    bytes: async () => undefined,
    say: () => undefined,
  };
}

describe('the key that login has kept', () => {
  const kept = { url: 'https://a.example', controlUrl: 'https://control.a.example', apiKey: 'lh_kept' };
  const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({ XDG_CONFIG_HOME: folder, ...more });
  beforeEach(() => writeLogin(kept, env()));

  it('is for the URL that it was kept with', () => {
    expect(accessOf(env())).toEqual(kept);
    expect(accessOf(env({ LEASEHOLD_URL: 'https://a.example/' }))).toMatchObject({ apiKey: 'lh_kept' });
    expect(controlAccessOf(env())).toEqual({ url: kept.controlUrl, apiKey: 'lh_kept' });
  });

  it('goes to no other one, and neither does a key for another one go to its control plane', () => {
    expect(() => accessOf(env({ LEASEHOLD_URL: 'https://b.example' }))).toThrow('set LEASEHOLD_API_KEY for https://b');
    const other = env({ LEASEHOLD_URL: 'https://b.example', LEASEHOLD_API_KEY: 'lh_other' });
    expect(accessOf(other)).toEqual({ url: 'https://b.example', controlUrl: undefined, apiKey: 'lh_other' });
    expect(() => controlAccessOf(other)).toThrow('where is the control plane');
    const elsewhere = env({ LEASEHOLD_CONTROL_URL: 'https://control.b.example' });
    expect(() => controlAccessOf(elsewhere)).toThrow('is for https://control.a.example');
  });

  it.each(['LEASEHOLD_URL', 'LEASEHOLD_CONTROL_URL'])('refuses a %s that is none, in one sentence', (name) => {
    for (const url of ['b.example', 'ftp://b.example', 'https://']) {
      const wrong = env({ [name]: url, LEASEHOLD_API_KEY: 'lh_other' });
      expect(() => accessOf(wrong)).toThrow(
        new CliError(`${url} is not the URL of a service, such as https://data.example.com`),
      );
    }
  });

  it('is asked for by the gateway of the variable, where login is told none', () => {
    expect(loginUrlOf(undefined, { LEASEHOLD_URL: 'https://b.example' })).toBe('https://b.example');
    expect(loginUrlOf('https://c.example', { LEASEHOLD_URL: 'https://b.example' })).toBe('https://c.example');
  });
});

describe('what is known of a database', () => {
  const stats = (error: Error) => ({ stats: () => Promise.reject(error) });

  it.each(['insufficient-scope', 'outside-key-prefix'])('is nothing for a key that may not ask: %s', async (code) => {
    expect(await knownStats(stats(new UnauthorizedError({ code, message: 'no' })))).toBeUndefined();
  });

  it('is not passed over for another reason', async () => {
    const invalid = new UnauthorizedError({ code: 'invalid-api-key', message: 'no' });
    await expect(knownStats(stats(invalid))).rejects.toBe(invalid);
    const away = new UnavailableError({ code: 'unreachable', message: 'no' });
    await expect(knownStats(stats(away))).rejects.toBe(away);
  });
});

describe('keys that are no text, or more than a line', () => {
  const keys = [Buffer.from([0xff, 0x01]), Buffer.from('a\n\x1b[2J')];
  const options = { keys: 'text', reverse: false } as const;
  const asked: { limit?: number | undefined }[] = [];
  const database = {
    async *list(range: { limit?: number }) {
      asked.push(range);
      for (const key of keys) yield { key, value: Buffer.from('v'), version: '1' };
    },
    async *changes() {
      yield { version: '1', changes: keys.map((key) => ({ op: 'delete', key })) };
      yield { version: '2', changes: [{ op: 'deleteRange', start: keys[0], end: keys[1] }] };
    },
  } as unknown as ByteDatabase;

  it('are listed as an import reads them, all of them', async () => {
    await list(database, options, outputOf(true));
    expect(lines.map((line) => Buffer.from(parseLine(line).key))).toEqual(keys);
    expect(asked.at(-1)?.limit).toBeUndefined();
  });

  it('are told of in the same way', async () => {
    await tail(database, options, outputOf(true));
    expect(lines.map((line) => (JSON.parse(line) as { changes: object[] }).changes)).toEqual([
      [
        { op: 'delete', key64: '_wE' },
        { op: 'delete', key: 'a\n\x1b[2J' },
      ],
      [{ op: 'deleteRange', start64: '_wE', end: 'a\n\x1b[2J' }],
    ]);
  });

  it('stay in their line for people', async () => {
    await list(database, options, outputOf(false));
    await tail(database, options, outputOf(false));
    expect(lines).toEqual([
      'base64:_wE\tv',
      'a\\u000a\\u001b[2J\tv',
      '1\tdelete\tbase64:_wE',
      '1\tdelete\ta\\u000a\\u001b[2J',
      '2\tdelete\tfrom base64:_wE to a\\u000a\\u001b[2J',
    ]);
  });
});

describe('keys below a tuple', () => {
  const below = keyRange({ prefix: '["users"]' }, 'tuple');
  const bytes = (...key: Key) => encodeKey(key);

  it('are those with further parts, and neither it nor those whose last part is longer', async () => {
    const within = (key: Uint8Array) =>
      Buffer.compare(below.start as Uint8Array, key) <= 0 && Buffer.compare(key, below.end as Uint8Array) < 0;
    const keys = [bytes('users'), bytes('users', 1), bytes('users', '', 'a'), bytes('users\0x', 1), bytes('users2')];
    expect(keys.map(within)).toEqual([false, true, true, false, false]);
    const changes = keys.map((key) => ({ op: 'delete', key }));
    const database = {
      async *changes() {
        yield { version: '1', changes };
        yield { version: '2', changes: changes.slice(0, 1) };
      },
    } as unknown as ByteDatabase;
    await tail(database, { keys: 'tuple', prefix: '["users"]' }, outputOf(false));
    expect(lines).toEqual(['1\tdelete\t["users",1]', '1\tdelete\t["users","","a"]']);
  });

  it('lie between bounds where there are some, and are all there are to delete', async () => {
    const narrow = { prefix: '["users"]', start: '["users",3]', end: '["users",7]' };
    expect(keyRange(narrow, 'tuple')).toEqual({ start: bytes('users', 3), end: bytes('users', 7) });
    const wide = { prefix: '["users"]', start: '["a"]', end: '["z"]' };
    expect(keyRange(wide, 'tuple')).toEqual(below);
    expect(keyRange({ prefix: 'users' }, 'text')).toEqual({ prefix: utf8('users') });
    const deleted: unknown[] = [];
    const database = {
      deleteRange: async (range: unknown) => {
        deleted.push(range);
        return { version: '1' };
      },
    } as unknown as ByteDatabase;
    await remove(database, undefined, { keys: 'tuple', prefix: '["users"]' }, outputOf(false));
    expect(deleted).toEqual([below]);
    for (const [keys, prefix] of [
      ['tuple', '[]'],
      ['text', ''],
      ['base64', ''],
    ] as const) {
      await expect(remove(database, undefined, { keys, prefix }, outputOf(false))).rejects.toThrow('everything');
    }
    expect(deleted).toHaveLength(1);
  });
});

describe('a file whose content is put', () => {
  const path = () => join(folder, 'value');

  it('is read up to the size of a value', () => {
    writeFileSync(path(), Buffer.alloc(512 * 1024, 1));
    expect(fileBytes(path())).toHaveLength(512 * 1024);
    writeFileSync(path(), Buffer.alloc(512 * 1024 + 1));
    expect(() => fileBytes(path())).toThrow('a value has at most 524288 bytes');
    expect(() => fileBytes('/dev/zero')).toThrow('a value has at most 524288 bytes');
  });

  it('is refused in one sentence when it is none', () => {
    expect(() => fileBytes(path())).toThrow(CliError);
    expect(() => fileBytes(folder)).toThrow(CliError);
  });
});
