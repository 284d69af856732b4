import { describe, expect, it } from '@jest/globals';

import { LogInventory, WINDOW_SEGMENTS } from './log-inventory.js';

function inventory(floor: number, data: readonly number[], seals: readonly number[]): LogInventory {
  const log = new LogInventory(floor);
  for (const number of data) log.add(number, 'data');
  for (const number of seals) log.add(number, 'seal');
  return log;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('S3: where seals go', () => {
  it('is the lowest absent number and every absent one of the 63 after it', () => {
    expect(inventory(1, [], []).toSeal).toEqual(range(1, 64));
    expect(inventory(1, [1, 2, 3], []).toSeal).toEqual(range(4, 67));
    expect(inventory(1, [1, 3, 4], []).toSeal).toEqual([2, ...range(5, 65)]);
  });

  it('never goes below the floor, whatever lies there', () => {
    expect(inventory(10, [3, 4], [5]).toSeal).toEqual(range(10, 73));
    expect(inventory(10, [10, 11], [5]).toSeal).toEqual(range(12, 75));
    expect(inventory(10, [3, 10], [5]).dataSegments).toEqual([10]);
  });

  it('goes on to every absent number of the 63 after the lowest seal', () => {
    const log = inventory(1, [1, 2, 5, 66], [3]);
    expect(log.toSeal).toEqual(range(3, 66).filter((number) => ![3, 5, 66].includes(number)));
    expect(log.closed).toBe(false);
  });

  it('does not take a seal for the lowest while a number below it is open', () => {
    const log = inventory(1, [1], [3]);
    expect(log.lowestSeal).toBeUndefined();
    expect(log.toSeal).toEqual([2, ...range(4, 65)]);
    log.add(2, 'data');
    expect(log.lowestSeal).toBe(3);
    expect(log.toSeal).toEqual(range(4, 66));
  });

  it('is over when all 64 exist, and only then', () => {
    const log = inventory(
      1,
      [1, 2, 4],
      range(3, 3 + WINDOW_SEGMENTS - 1).filter((number) => number !== 4 && number !== 66),
    );
    expect(log.closed).toBe(false);
    expect(log.toSeal).toEqual([66]);
    log.add(66, 'data');
    expect(log.closed).toBe(true);
    expect(log.dataSegments).toEqual([1, 2, 4, 66]);
  });
});
