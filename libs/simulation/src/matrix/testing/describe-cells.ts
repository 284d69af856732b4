import { describe, expect, it } from '@jest/globals';

import { IS_WHOLE } from '../../testing/extent.js';
import type { Cell } from '../cell.js';
import { runCell } from '../cell.js';

const CELL_TIMEOUT_MS = 60_000;

/** One test for each cell, of the fixed part or of all of them: its fault strikes, and every promise is kept. */
export function describeCells(title: string, cells: readonly Cell[]): void {
  const chosen = cells.filter(({ isFixed }) => IS_WHOLE || isFixed);
  describe(title, () => {
    it.each(chosen.map((cell) => [cell.title, cell] as const))(
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
