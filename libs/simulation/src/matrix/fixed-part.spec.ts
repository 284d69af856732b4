import { describe, expect, it } from '@jest/globals';

import type { Cell } from './cell.js';
import { coordinationCells } from './coordination-cells.js';
import { processCells } from './process-cells.js';
import { storeCells } from './store-cells.js';

const placeOf = ({ title, fault }: Cell): string => title.slice(0, -fault.length);
const roleOf = ({ title }: Cell): string => /^\w+/.exec(title)?.[0] ?? '';
const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort();

describe('the fixed part of the matrix', () => {
  it.each([
    ['the bucket', storeCells()],
    ['processes', processCells()],
  ])('has every place, and every fault of each kind of process: %s', (_, cells) => {
    const fixed = cells.filter(({ isFixed }) => isFixed);
    expect(fixed.length).toBeLessThan(cells.length / 2);
    for (const part of [placeOf, (cell: Cell) => `${roleOf(cell)} ${cell.fault}`]) {
      expect(sorted(fixed.map(part))).toEqual(sorted(cells.map(part)));
    }
  });

  it('has everything that befalls queue, network, and whole kinds of processes', () => {
    expect(coordinationCells().every(({ isFixed }) => isFixed)).toBe(true);
  });
});
