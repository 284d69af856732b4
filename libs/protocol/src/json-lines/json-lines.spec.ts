import { Readable } from 'node:stream';

import { describe, expect, it } from '@jest/globals';
import { decodeUtf8, utf8 } from '@leasehold/foundation';
import fc from 'fast-check';

import { formatLine, parseLine, sizeOfEntry } from './json-line.js';
import { linesOf } from './lines.js';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe('a line of an export', () => {
  it('is read as it was written, whatever the bytes', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(bytes, fc.oneof(bytes, fc.string().map(utf8)), (key, value) => {
        const line = formatLine(key, value);
        expect(line).not.toContain('\n');
        const read = parseLine(line);
        expect(Buffer.from(read.key)).toEqual(Buffer.from(key));
        expect(Buffer.from(read.value)).toEqual(Buffer.from(value));
      }),
    );
  });

  it('may have JSON in place of a text, and an expiry', () => {
    const { value, expiresAt } = parseLine('{"key":"k","json":{"a":[1, null]},"expiresAt":"2030-01-02T03:04:05Z"}');
    expect(decodeUtf8(value)).toBe('{"a":[1,null]}');
    expect(expiresAt).toBe(Date.parse('2030-01-02T03:04:05Z'));
  });

  it('keeps the digits and the order of JSON', () => {
    const { value } = parseLine('{"key":"k", "json": {"b": 12345678901234567890, "1": 1.0}}');
    expect(decodeUtf8(value)).toBe('{"b":12345678901234567890,"1":1.0}');
  });

  it.each([
    ['no JSON', '{', 'is not JSON'],
    ['a list', '[]', 'is not a JSON object'],
    ['null', 'null', 'is not a JSON object'],
    ['no key', '{"value":"v"}', 'needs one of key, key64'],
    ['two keys', '{"key":"k","key64":"aw","value":"v"}', 'needs one of key, key64'],
    ['no value', '{"key":"k"}', 'needs one of value, value64, json'],
    ['two values', '{"key":"k","value":"v","json":1}', 'needs one of value, value64, json'],
    ['an inherited member', '{"key":"k","__proto__":{"value":"v"}}', 'has a member that is not known'],
    ['a member that is not known', '{"key":"k","value":"v","ttl":1}', 'has a member that is not known'],
    ['a number as key', '{"key":1,"value":"v"}', 'has a key that is not a string'],
    ['padded base64', '{"key64":"aw==","value":"v"}', 'has a key64 that is not unpadded base64url'],
    ['half a pair', '{"key":"\\ud800","value":"v"}', 'has half a surrogate pair in key'],
    ['an expiry that is no time', '{"key":"k","value":"v","expiresAt":"tomorrow"}', 'not a time of RFC 3339'],
    [
      'an expiry that is no day',
      '{"key":"k","value":"v","expiresAt":"2026-13-45T00:00:00Z"}',
      'not a time of RFC 3339',
    ],
  ])('is refused with %s', (_what, line, message) => {
    expect(() => parseLine(line)).toThrow(message);
  });
});

describe('lines of a stream', () => {
  const options = { from: 100, maxLineBytes: 1_000 };

  it('are the same however the stream is cut, each with the place behind it', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'é', '😀', ' ', '\r') });
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.boolean(), fc.integer({ min: 1, max: 9 }), async (lines, ended, step) => {
        const text = lines.join('\n') + (ended && lines.length > 0 ? '\n' : '');
        const bytes = Buffer.from(text);
        const chunks = Array.from({ length: Math.ceil(bytes.byteLength / step) }, (_, n) =>
          bytes.subarray(n * step, (n + 1) * step),
        );
        const read = await all(linesOf(Readable.from(chunks), options));
        // A last line without anything in it is none.
        const expected = text.split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(read.map((each) => each.text)).toEqual(expected);
        for (const [n, { nextPosition }] of read.entries()) {
          const rest = bytes.subarray(nextPosition - options.from);
          expect(rest.toString()).toBe(
            text
              .split('\n')
              .slice(n + 1)
              .join('\n'),
          );
        }
      }),
    );
  });

  it('are refused beyond their bound before they are whole in memory, and where they are not UTF-8', async () => {
    let given = 0;
    const endless = Readable.from(
      (function* () {
        for (; given < 1_000; given++) yield Buffer.alloc(100, 'a');
      })(),
    );
    await expect(all(linesOf(endless, options))).rejects.toThrow('is longer than 1000 bytes');
    expect(given).toBeLessThan(50);
    await expect(all(linesOf(Readable.from([Buffer.from([0xff, 0x0a])]), options))).rejects.toThrow('is not UTF-8');
  });
});

describe('the size of an entry', () => {
  it('is that of its key and value, up to what a database takes', () => {
    const of = (keyBytes: number, valueBytes: number) =>
      sizeOfEntry({ key: new Uint8Array(keyBytes), value: new Uint8Array(valueBytes) });
    expect(of(2_048, 524_288)).toBe(526_336);
    expect(() => of(0, 1)).toThrow('has a key of 0 bytes');
    expect(() => of(2_049, 1)).toThrow('has a key of 2049 bytes');
    expect(() => of(1, 524_289)).toThrow('has a value of 524289 bytes');
  });
});
