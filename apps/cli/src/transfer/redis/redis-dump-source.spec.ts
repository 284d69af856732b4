import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeUtf8 } from '@leasehold/foundation';

import { RedisDumpSource } from './redis-dump-source.js';

const DUMP = join(import.meta.dirname, '..', '..', '..', 'testdata', 'redis-7.0.rdb');
const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const LATER_MS = 4_102_444_800_123;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leasehold-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (path = DUMP, database = 0) => new RedisDumpSource(path, database, () => NOW_MS);

function read(source: RedisDumpSource, from = 0) {
  return new Map(Array.from(source.entries(from), (entry) => [decodeUtf8(entry.key) ?? '', entry]));
}

function damaged(change: (bytes: Buffer) => Buffer): string {
  const path = join(folder, 'dump.rdb');
  writeFileSync(path, change(readFileSync(DUMP)));
  return path;
}

describe('a dump of Redis', () => {
  it('gives strings of every encoding', () => {
    const entries = read(open());
    const text = (key: string) => decodeUtf8(entries.get(key)?.value ?? new Uint8Array());
    expect([...entries.keys()].sort()).toEqual([
      'bin',
      'large',
      'later',
      'long',
      'negative',
      'number',
      'plain',
      'secs',
    ]);
    expect(text('plain')).toBe('text');
    expect(text('number')).toBe('12345');
    expect(text('negative')).toBe('-7');
    expect(text('large')).toBe('1234567');
    expect(text('long')).toBe('ab'.repeat(200));
    expect(entries.get('bin')?.value).toEqual(Buffer.from([0xff, 0, 1]));
  });

  it('gives their expiry, in ms', () => {
    const entries = read(open());
    expect(entries.get('later')?.expiresAt).toBe(LATER_MS);
    expect(entries.get('secs')?.expiresAt).toBe(LATER_MS - 123);
    expect(entries.get('plain')).not.toHaveProperty('expiresAt');
  });

  it('passes over what is no string, of another database or expired, and counts it', () => {
    const source = open();
    read(source);
    expect(Object.fromEntries(source.skipped())).toEqual({
      'function library': 1,
      list: 1,
      set: 3,
      'sorted set': 2,
      hash: 2,
      stream: 1,
      'key of another database': 1,
    });
    expect(read(new RedisDumpSource(DUMP, 0, () => LATER_MS)).has('later')).toBe(false);
    expect([...read(open(DUMP, 3)).keys()]).toEqual(['other']);
  });

  it('passes over what modules keep beside the keys', () => {
    const data = '\xf7\x81\x01\x02\x03\x04\x05\x06\x07\x08\x02\x02\x05\x03abc\x04eightbyt\x00';
    const source = open(damaged(() => Buffer.from(`REDIS0012${data}\x00\x01k\x01v\xff`, 'latin1')));
    expect([...read(source).keys()]).toEqual(['k']);
    expect(Object.fromEntries(source.skipped())).toEqual({ 'data of a module': 1 });
  });

  it('goes on where it was left', () => {
    const all = [...open().entries(0)];
    for (const [n, { nextPosition }] of all.entries()) {
      const rest = [...open().entries(nextPosition)];
      expect(rest.map(({ key }) => decodeUtf8(key))).toEqual(all.slice(n + 1).map(({ key }) => decodeUtf8(key)));
    }
  });

  it('names the place of a damage, wherever the file is cut', () => {
    const bytes = readFileSync(DUMP);
    for (let size = 0; size < bytes.byteLength - 9; size += 37) {
      expect(() => read(open(damaged(() => bytes.subarray(0, size))))).toThrow(/ends in the middle, at byte \d+/);
    }
  });

  it.each([
    ['another file', Buffer.from('SQLite format 3\0'), 'is not a dump of Redis'],
    ['a later format', Buffer.from('REDIS0099\xff'), 'has format 99; known are those up to 12'],
    [
      'a type that is not known',
      Buffer.from('REDIS0011\x63\x01k', 'latin1'),
      'has a value of a type that is not known (99)',
    ],
    ['a string of 8 GiB', Buffer.from('REDIS0011\x00\x81\0\0\0\x02\0\0\0\0', 'latin1'), 'longer than Redis allows'],
    ['a string that unpacks too far', Buffer.from('REDIS0011\x00\xc3\x03\x02\x20\x00\x00', 'latin1'), 'is damaged'],
  ])('refuses %s', (_what, bytes, message) => {
    expect(() => read(open(damaged(() => bytes)))).toThrow(message);
  });

  it('refuses a file that is not there', () => {
    expect(() => open(join(folder, 'none'))).toThrow('cannot be read');
    expect(() => open(folder)).toThrow('is not a file');
  });
});
