/** What an answer was billed, as `Leasehold-Cost` tells it. */
export interface Cost {
  readonly readUnits: number;
  readonly writeUnits: number;
}

export const COST_HEADER = 'leasehold-cost';
/** Of a read of the past: the version that it shows. */
export const VERSION_HEADER = 'leasehold-version';

/** A read unit: so many bytes of key and value, begun ones counting whole. */
const READ_UNIT_BYTES = 4096;
/** A write unit, likewise. */
const WRITE_UNIT_BYTES = 1024;
const COST = /^read=([0-9]{1,15}), write=([0-9]{1,15})$/;

/** A dictionary of RFC 9651, always with both members: `read=2, write=0`. */
export function formatCost({ readUnits, writeUnits }: Cost): string {
  return `read=${readUnits}, write=${writeUnits}`;
}

/** What {@link formatCost} writes; nothing for an answer that says nothing, which is free. */
export function parseCost(text: unknown): Cost {
  const [, read = '0', write = '0'] = (typeof text === 'string' && COST.exec(text)) || [];
  return { readUnits: Number(read), writeUnits: Number(write) };
}

/** Of reading so many bytes: of one key, whether it exists or not, or of one page. At least one unit. */
export function readUnitsOf(sizeBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / READ_UNIT_BYTES));
}

/** Of writing so many bytes under one key; 0 of a delete. At least one unit. */
export function writeUnitsOf(sizeBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / WRITE_UNIT_BYTES));
}
