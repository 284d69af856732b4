import { describe, expect, it } from '@jest/globals';
import { utf8 } from '@leasehold/foundation';

import { WatchSource } from './watch-source.js';

const NEVER = new AbortController().signal;

describe('the source of a watch', () => {
  let sequence = 1;
  let entries: readonly (string | undefined)[] = [];
  let hasRoom = true;
  const left: number[] = [];
  const untold: number[] = [];
  const source = () =>
    new WatchSource(
      { part: async (since = 0) => ({ text: utf8('of no concern'), through: since, taken: () => undefined }) },
      async () => ({
        version: { epoch: 1, sequence },
        cost: { readUnits: 1, writeUnits: 0 },
        found: entries.map((value) =>
          value === undefined
            ? undefined
            : { key: utf8('k'), value: utf8(value), version: { epoch: 1, sequence: Number(value) } },
        ),
      }),
      {
        admit: (sizeBytes) => {
          if (!hasRoom) throw new Error('no room');
          return () => void left.push(sizeBytes);
        },
        onUntold: async (sizeBytes) => void untold.push(sizeBytes),
      },
    );

  it('tells all keys first, then when one is another, and goes on from the state that it has seen', async () => {
    const watch = source();
    [entries, sequence] = [['1', undefined], 5];
    const first = await watch.first(NEVER);
    expect([first.text.byteLength > 4, first.through]).toEqual([true, 5]);
    expect(untold).toEqual([]);
    expect((await watch.part(5, 0, NEVER)).text.byteLength).toBe(0);
    // A key and a value of one byte each, which were read for nothing.
    expect(untold).toEqual([2]);
    [entries, sequence] = [['1', '7'], 9];
    const second = await watch.part(5, 0, NEVER);
    expect([second.text.byteLength > first.text.byteLength, second.through]).toEqual([true, 9]);
    second.taken();
    expect(left.at(-1)).toBe(second.text.byteLength);
    entries = [undefined, '7'];
    expect((await watch.part(9, 0, NEVER)).text.byteLength).toBeGreaterThan(4);
  });

  it('tells the next time what there was no room for', async () => {
    const watch = source();
    [entries, sequence] = [['1'], 1];
    await watch.first(NEVER);
    entries = ['2'];
    hasRoom = false;
    await expect(watch.part(1, 0, NEVER)).rejects.toThrow('no room');
    hasRoom = true;
    expect((await watch.part(1, 0, NEVER)).text.byteLength).toBeGreaterThan(4);
  });
});
