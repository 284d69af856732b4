import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  compareBytes,
  decodeUtf8,
  fromBase64Url,
  fromHex,
  isBase64Url,
  prefixEnd,
  startsWith,
  toBase64Url,
  utf8,
} from './bytes.js';
import { systemClock } from './clock.js';
import { seededRandom } from './random.js';
import { isUlid, UlidSource, ulidFloorAt, ulidTime } from './ulid.js';
import { decodeVersionstamp, encodeVersionstamp, formatVersion, parseVersion } from './version.js';

const bytes = fc.uint8Array({ maxLength: 12 });

describe('bytes', () => {
  it('orders as unsigned bytes, a prefix first', () => {
    expect(compareBytes(Uint8Array.of(0x7f), Uint8Array.of(0x80))).toBe(-1);
    expect(compareBytes(utf8('a'), utf8('aa'))).toBe(-1);
    expect(compareBytes(utf8('z'), utf8('é'))).toBe(-1);
  });

  it('ends a prefix just above everything that begins with it', () => {
    fc.assert(
      fc.property(bytes, bytes, (prefix, key) => {
        const end = prefixEnd(prefix);
        const inRange = compareBytes(key, prefix) >= 0 && (end === undefined || compareBytes(key, end) < 0);
        expect(inRange).toBe(startsWith(key, prefix) || (end === undefined && compareBytes(key, prefix) >= 0));
      }),
    );
    expect(prefixEnd(Uint8Array.of(0xff, 0xff))).toBeUndefined();
    expect(prefixEnd(Uint8Array.of(1, 0xff))).toEqual(Uint8Array.of(2));
  });

  it('accepts one spelling of base64url and hexadecimal only', () => {
    fc.assert(fc.property(bytes, (value) => expect(fromBase64Url(toBase64Url(value))).toEqual(Buffer.from(value))));
    const texts = fc.oneof(fc.string({ maxLength: 9 }), fc.stringMatching(/^[A-Za-z0-9_-]{0,9}$/));
    fc.assert(fc.property(texts, (text) => expect(isBase64Url(text)).toBe(fromBase64Url(text) !== undefined)));
    for (const wrong of ['a', 'ab=', 'a+b', 'ab/', 'YR', 'é', 'YQ\n']) {
      expect([fromBase64Url(wrong), isBase64Url(wrong)]).toEqual([undefined, false]);
    }
    for (const wrong of ['a', 'zz', '0x10']) expect(fromHex(wrong)).toBeUndefined();
  });

  it('refuses invalid UTF-8 instead of replacing it', () => {
    expect(decodeUtf8(Uint8Array.of(0xc3, 0x28))).toBeUndefined();
    expect(decodeUtf8(utf8('\ufeffé'))).toBe('\ufeffé');
  });
});

describe('versions', () => {
  const version = fc.record({ epoch: fc.nat(2 ** 32 - 1), sequence: fc.maxSafeNat().map((n) => n % 2 ** 48) });

  it('keep their order as bytes and as text', () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        const order = Math.sign(a.epoch - b.epoch || a.sequence - b.sequence);
        expect(Math.sign(compareBytes(encodeVersionstamp(a), encodeVersionstamp(b)))).toBe(order);
        expect(formatVersion(a) < formatVersion(b)).toBe(order < 0);
        expect(decodeVersionstamp(encodeVersionstamp(a))).toEqual(a);
        expect(parseVersion(formatVersion(a))).toEqual(a);
      }),
    );
  });

  it('are not parsed from anything but 20 hexadecimal digits', () => {
    for (const wrong of ['', '0'.repeat(19), '0'.repeat(21), `${'0'.repeat(19)}g`])
      expect(parseVersion(wrong)).toBeUndefined();
  });
});

describe('ULIDs', () => {
  it('grow within a source although the clock stands still or falls back', () => {
    let now = 1_000_000;
    const ids = new UlidSource({ ...systemClock, now: () => now }, seededRandom(1));
    const drawn = Array.from({ length: 2_000 }, (_, n) => {
      now -= n % 7;
      return ids.next();
    });
    expect([...drawn].sort()).toEqual(drawn);
    expect(new Set(drawn).size).toBe(drawn.length);
  });

  it('are told from what no source writes', () => {
    expect(
      [new UlidSource(systemClock, seededRandom(3)).next(), ulidFloorAt(0), `7${'z'.repeat(25)}`].every(isUlid),
    ).toBe(true);
    const others = [
      '',
      `8${'z'.repeat(25)}`,
      '0'.repeat(25),
      '0'.repeat(27),
      `${'0'.repeat(25)}i`,
      `${'0'.repeat(25)}Z`,
      `${'0'.repeat(26)}\n`,
    ];
    expect(others.filter(isUlid)).toEqual([]);
  });

  it('tell when they were drawn', () => {
    expect([ulidTime(ulidFloorAt(0)), ulidTime(ulidFloorAt(Date.UTC(2030, 0, 1)))]).toEqual([0, Date.UTC(2030, 0, 1)]);
    const clock = { ...systemClock, now: () => 1_790_000_000_123 };
    expect(ulidTime(new UlidSource(clock, seededRandom(4)).next())).toBe(1_790_000_000_123);
  });

  it('lie above an id from the future once told of it', () => {
    const future = `${ulidFloorAt(Date.UTC(2200, 0, 1)).slice(0, 25)}z`;
    const ids = new UlidSource(systemClock, seededRandom(2)).above(future);
    expect(ids.next() > future).toBe(true);
  });
});
