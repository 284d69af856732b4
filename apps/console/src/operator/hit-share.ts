import { formatFraction } from '../parts/format.js';

/** Of blocks that reads wanted, how many were in memory: `97.5 %`; a dash where none was wanted. */
export function hitShare(hits: number, misses: number): string {
  const wanted = hits + misses;
  return wanted === 0 ? '–' : `${formatFraction((100 * hits) / wanted)} %`;
}
