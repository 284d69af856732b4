import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@leasehold/foundation';

import { OrderedKeys } from './ordered-keys.js';

describe('ordered keys', () => {
  it('agree with a sorted set over many inserts and deletes', () => {
    const random = seededRandom(7);
    const model = new Set<string>();
    const keys = new OrderedKeys();
    for (let i = 0; i < 30_000; i++) {
      const key = String(Math.floor(random.fraction() * 6000)).padStart(4, '0');
      // Grows for two thirds of the run, so that blocks split, then shrinks, so that they vanish.
      if (random.fraction() < (i < 20_000 ? 0.7 : 0.1)) {
        expect(keys.add(key)).toBe(!model.has(key));
        model.add(key);
      } else {
        expect(keys.delete(key)).toBe(model.delete(key));
      }
      if (i % 1000 === 0) {
        const from = String(Math.floor(random.fraction() * 6000)).padStart(4, '0');
        expect([...keys.from(from)]).toEqual([...model].filter((other) => other >= from).sort());
        expect(keys.size).toBe(model.size);
      }
    }
    expect([...keys.from('')]).toEqual([...model].sort());
  });

  it('are built from keys in any order', () => {
    const names = Array.from({ length: 5000 }, (_, i) => String((i * 7919) % 5000).padStart(4, '0'));
    const keys = OrderedKeys.from(names);
    expect([...keys.from('')]).toEqual([...names].sort());
    expect(keys.size).toBe(5000);
    expect(keys.add('0000')).toBe(false);
  });

  it('are empty at first', () => {
    const keys = new OrderedKeys();
    expect([...keys.from('')]).toEqual([]);
    expect(keys.delete('a')).toBe(false);
    expect(keys.size).toBe(0);
  });
});
