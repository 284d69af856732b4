import { beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@leasehold/foundation-testing';

import { KeyUses, type KeyUse } from './key-uses.js';

const MINUTE_MS = 60_000;

describe('uses of keys', () => {
  let clock: FakeClock;
  let writes: { readonly uses: readonly KeyUse[]; readonly paceMs: number }[];
  let isDown: boolean;
  let lost: number;
  let uses: KeyUses;

  beforeEach(() => {
    clock = new FakeClock();
    writes = [];
    isDown = false;
    const record = async (written: readonly KeyUse[], paceMs: number) => {
      if (isDown) throw new Error('down');
      writes.push({ uses: written, paceMs });
    };
    lost = 0;
    uses = new KeyUses({ record }, { clock, onLost: () => lost++ });
    uses.start();
  });

  it('are written once a minute, the latest of each key, in the order of ids', async () => {
    for (let n = 0; n < 100; n++) {
      uses.note('b');
      await clock.advance(500);
    }
    const lastAt = clock.now();
    uses.note('a');
    expect(writes).toEqual([]);
    await clock.advance(MINUTE_MS);
    const told = [
      { keyId: 'a', usedAt: lastAt },
      { keyId: 'b', usedAt: lastAt - 500 },
    ];
    expect(writes).toEqual([{ uses: told, paceMs: MINUTE_MS }]);
    await clock.advance(5 * MINUTE_MS);
    expect(writes).toHaveLength(1);
  });

  it('are bounded, and written in batches', async () => {
    for (let n = 0; n < 12_000; n++) uses.note(`k${n}`);
    uses.note('k1');
    await clock.advance(MINUTE_MS);
    expect(writes.map((write) => write.uses.length)).toEqual(Array.from({ length: 10 }, () => 1_000));
  });

  it('are lost while the store is down, and go on later', async () => {
    isDown = true;
    uses.note('a');
    await clock.advance(MINUTE_MS);
    isDown = false;
    await clock.advance(MINUTE_MS);
    expect([writes, lost]).toEqual([[], 1]);
    uses.note('b');
    await clock.advance(MINUTE_MS);
    expect(writes.map((write) => write.uses.map(({ keyId }) => keyId))).toEqual([['b']]);
  });

  it('are written a last time at the end', async () => {
    uses.note('a');
    await clock.settle(uses.stop());
    expect(writes).toHaveLength(1);
  });
});
