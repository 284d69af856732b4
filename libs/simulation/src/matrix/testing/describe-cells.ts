import { describe, expect, it } from '@jest/globals';

import type { Cell } from '../cell.js';
import { runCell } from '../cell.js';

const CELL_TIMEOUT_MS = 60_000;

/** One test for each cell: its fault strikes, and every promise is kept. */
export function describeCells(title: string, cells: readonly Cell[]): void {
  describe(title, () => {
    it.each(cells.map((cell) => [cell.title, cell] as const))(
      'keeps every promise when struck so: %s',
      async (_, cell) => {
        const { report, strikes } = await runCell(cell);
        expect(report.violations).toEqual([]);
        expect(strikes).toBeGreaterThan(0);
      },
      CELL_TIMEOUT_MS,
    );
  });
}
