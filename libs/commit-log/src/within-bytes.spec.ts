import { describe, expect, it } from '@jest/globals';

import { forEachWithin } from './within-bytes.js';

interface Item {
  readonly sizeBytes: number;
}

const of = (...sizes: number[]): Item[] => sizes.map((sizeBytes) => ({ sizeBytes }));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('forEachWithin', () => {
  it('lets an item wait until it fits beside the others', async () => {
    const ends: (() => void)[] = [];
    const all = forEachWithin(of(40, 40, 40, 20), 4, 100, () => new Promise<void>((resolve) => ends.push(resolve)));
    await turn();
    // The third waits, though the fourth, which came later, fits.
    expect(ends).toHaveLength(3);
    ends[0]?.();
    await turn();
    expect(ends).toHaveLength(4);
    for (const end of ends) end();
    await all;
  });

  it('does one that is larger than the bound, alone', async () => {
    let underWay = 0;
    const beside: number[] = [];
    await forEachWithin(of(10, 500, 10, 10), 4, 100, async () => {
      beside.push(underWay++);
      await turn();
      underWay--;
    });
    expect(beside).toHaveLength(4);
    // 10, 10 and 10 go together, and the large one when there are none.
    expect(beside.filter((others) => others === 0)).toHaveLength(2);
  });

  it('begins nothing that waited for one that failed', async () => {
    const begun: number[] = [];
    const all = forEachWithin(of(100, 90, 80), 3, 100, async ({ sizeBytes }) => {
      begun.push(sizeBytes);
      await turn();
      throw new Error('not to be read');
    });
    await expect(all).rejects.toThrow('not to be read');
    expect(begun).toEqual([100]);
  });
});
