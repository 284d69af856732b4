import { describe, expect, it } from '@jest/globals';

import { hashName } from './name-hash.js';
import { SlotTable } from './slot-table.js';

const at = (sequence: number, offset = 0) => ({ sequence, offset, sizeBytes: 100 });

describe('SlotTable', () => {
  it('finds what was set, replaces it, and forgets it with its slab', () => {
    const table = new SlotTable(64);
    table.set(hashName('a'), at(1, 10));
    expect(table.get(hashName('a'), 1)).toEqual(at(1, 10));
    table.set(hashName('a'), at(2, 20));
    expect(table.get(hashName('a'), 1)).toEqual(at(2, 20));
    expect(table.get(hashName('a'), 3)).toBeUndefined();
    table.delete(hashName('a'));
    expect(table.get(hashName('a'), 1)).toBeUndefined();
  });

  it('never grows, and forgets the oldest when it is full', () => {
    const table = new SlotTable(1_024);
    const sizeBytes = table.sizeBytes;
    for (let n = 1; n <= 10_000; n++) table.set(hashName(`name ${n}`), at(n));
    expect([table.sizeBytes, sizeBytes]).toEqual([20 * 1_024, 20 * 1_024]);
    const found = (from: number, to: number): number => {
      let count = 0;
      for (let n = from; n <= to; n++) if (table.get(hashName(`name ${n}`), 1)) count++;
      return count;
    };
    expect(found(1, 5_000)).toBe(0);
    expect(found(9_900, 10_000)).toBeGreaterThan(95);
  });

  it('loses few names at half load', () => {
    const table = new SlotTable(8_192);
    for (let n = 1; n <= 4_096; n++) table.set(hashName(`db/${n}/sst/x`), at(n));
    let found = 0;
    for (let n = 1; n <= 4_096; n++) if (table.get(hashName(`db/${n}/sst/x`), 1)) found++;
    expect(found).toBeGreaterThan(4_096 * 0.97);
  });
});
