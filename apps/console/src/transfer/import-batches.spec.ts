import { describe, expect, it } from '@jest/globals';
import { linesOf } from '@leasehold/protocol/json-lines';

import { textOf, utf8 } from '../data/bytes.js';
import { chunksOf } from './chunks-of.js';
import { BadLineError, batchesOf, type ImportBatch } from './import-batches.js';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const SETTINGS = { maxEntries: 3, maxBytes: 100, nowMs: () => NOW_MS };

/** What came of a file until its end, or until it failed. */
async function cut(text: string | Uint8Array<ArrayBuffer>, settings = SETTINGS) {
  const lines = linesOf(chunksOf(new Blob([text]).stream()), { from: 0, maxLineBytes: 1_000 });
  const batches: ImportBatch[] = [];
  try {
    for await (const batch of batchesOf(lines, settings)) batches.push(batch);
    return { batches, failure: undefined };
  } catch (failure) {
    return { batches, failure };
  }
}

const keysOf = (batches: readonly ImportBatch[]) => batches.map(({ entries }) => entries.map(({ key }) => textOf(key)));
const line = (key: string, value = 'v') => JSON.stringify({ key, value });

describe('the commits of a file', () => {
  it('are cut by entries and by bytes, lose nothing, and tell where they end', async () => {
    const lines = ['a', 'b', 'c', 'd'].map((key) => line(key)).concat('', line('e', 'x'.repeat(99)), line('f'));
    const text = lines.join('\n');
    const { batches, failure } = await cut(text);
    expect(failure).toBeUndefined();
    expect(keysOf(batches)).toEqual([['a', 'b', 'c'], ['d'], ['e'], ['f']]);
    const behind = (count: number) => lines.slice(0, count).join('\n').length + 1;
    expect(batches.map(({ nextPosition }) => nextPosition)).toEqual([behind(3), behind(5), behind(6), text.length]);
  });

  it('leave out what has ended by itself, and count it', async () => {
    const ended = '{"key":"old","value":"v","expiresAt":"2025-12-31T00:00:00Z"}';
    const ends = '{"key":"new","value":"v","expiresAt":"2026-12-31T00:00:00Z"}';
    const { batches } = await cut([ended, ends, ended].join('\n'));
    expect(keysOf(batches)).toEqual([['new']]);
    expect(batches[0]).toMatchObject({ expired: 2, entries: [{ expiresAt: Date.parse('2026-12-31T00:00:00Z') }] });
    expect((await cut(ended)).batches).toMatchObject([{ entries: [], expired: 1 }]);
  });

  it('end before a bad line, which is named with what is wrong with it', async () => {
    const { batches, failure } = await cut([line('a'), '', line('b'), '{"key":', line('c')].join('\n'));
    expect(keysOf(batches)).toEqual([['a', 'b']]);
    expect(failure).toBeInstanceOf(BadLineError);
    expect(failure).toMatchObject({ line: 4, message: 'Line 4 is not JSON.' });
  });

  const unwritable: readonly (readonly [what: string, file: string | Uint8Array<ArrayBuffer>, message: string])[] = [
    ['a key of no bytes', line(''), 'Line 1 has a key of 0 bytes; 1 to 2048 are possible.'],
    ['a line without end', 'x'.repeat(1_001), 'Line 1 is longer than 1000 bytes.'],
    ['a line that is no text', Uint8Array.of(0xff, 0x0a), 'Line 1 is not UTF-8.'],
  ];
  it.each(unwritable)('are none of %s', async (_what, file, message) => {
    const { batches, failure } = await cut(file);
    expect(batches).toEqual([]);
    expect(failure).toMatchObject({ name: 'BadLineError', message });
  });

  it('tell a file that cannot be read from a bad line', async () => {
    const unreadable = new DOMException('it has changed', 'NotReadableError');
    const lines = (async function* () {
      yield { text: line('a'), nextPosition: 24 };
      throw unreadable;
    })();
    const batches = batchesOf(lines, SETTINGS);
    expect(keysOf([(await batches.next()).value as ImportBatch])).toEqual([['a']]);
    await expect(batches.next()).rejects.toBe(unreadable);
  });

  it('are none of an empty file', async () => {
    expect(await cut('')).toEqual({ batches: [], failure: undefined });
  });

  it('let go of the file when nobody asks for more', async () => {
    let isCancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(utf8(`${line('a')}\n`)),
      cancel: () => {
        isCancelled = true;
      },
    });
    const batches = batchesOf(linesOf(chunksOf(stream), { from: 0, maxLineBytes: 1_000 }), SETTINGS);
    await batches.next();
    await batches.return?.();
    expect(isCancelled).toBe(true);
  });
});
