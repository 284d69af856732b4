import { describe, expect, it } from '@jest/globals';

import { BAND_WIDTH, bandsOf, type InspectedFile, type InspectedLevel } from './level-bands.js';

const file = (id: string, sizeBytes: number, garbageShare: number | null = null) =>
  ({ id, sizeBytes, garbageShare }) as InspectedFile;
const level = (name: InspectedLevel['name'], files: number, sizeBytes: number, ...first: InspectedFile[]) =>
  ({ name, files, sizeBytes, entries: files, first }) satisfies InspectedLevel;
const head = (sizeBytes: number) =>
  ({ inline: { entries: 1, sizeBytes, fromSequence: 1 } }) as Parameters<typeof bandsOf>[0]['head'];

describe('the picture of levels', () => {
  it('draws every file as long as it is large, on one scale for all levels', () => {
    const levels = [
      level('l0', 1, 100, file('a', 100)),
      level('l1', 2, 400, file('b', 300, 0.5), file('c', 100, 0)),
      level('merged', 0, 0),
    ];
    const [inline, l0, l1] = bandsOf({ head: head(40), levels });
    expect(inline?.blocks).toEqual([{ id: 'inline', from: 0, width: BAND_WIDTH / 10, sizeBytes: 40, garbageShare: 0 }]);
    expect(l0?.blocks.map(({ from, width }) => [from, width])).toEqual([[0, BAND_WIDTH / 4]]);
    expect(l1?.blocks.map(({ id, from, width, garbageShare }) => [id, from, width, garbageShare])).toEqual([
      ['b', 0, (BAND_WIDTH * 3) / 4, 0.5],
      ['c', (BAND_WIDTH * 3) / 4, BAND_WIDTH / 4, 0],
    ]);
  });

  it('draws what was not told as one, behind the others', () => {
    const [, , l1] = bandsOf({ head: head(0), levels: [level('l0', 0, 0), level('l1', 10, 1_000, file('a', 250))] });
    expect(l1?.rest).toEqual({ files: 9, from: BAND_WIDTH / 4, width: (BAND_WIDTH * 3) / 4 });
  });

  it('has a place for head, L0 and L1 of a database with nothing in it, and for no more', () => {
    const levels = (['l0', 'l1', 'merged', 'versions', 'idempotency'] as const).map((name) => level(name, 0, 0));
    const bands = bandsOf({ head: head(0), levels });
    expect(bands.map(({ name }) => name)).toEqual(['inline', 'l0', 'l1']);
    expect(bands.flatMap(({ blocks }) => blocks)).toEqual([]);
  });
});
