import { describe, expect, it } from '@jest/globals';

import { seededRandom } from './random.js';
import type { Linked } from './recency.js';
import { Recency } from './recency.js';

class Item implements Linked<Item> {
  newer: Item | undefined;
  older: Item | undefined;

  constructor(readonly name: number) {}
}

describe('recency', () => {
  it('tells items in the order of their last use, as an array would that is sorted each time', () => {
    const random = seededRandom(3);
    const recency = new Recency<Item>();
    const items = Array.from({ length: 8 }, (_, i) => new Item(i));
    let model: Item[] = [];
    for (let step = 0; step < 2_000; step++) {
      const item = items[Math.floor(random.fraction() * items.length)] as Item;
      if (!model.includes(item)) recency.add(item);
      else if (random.fraction() < 0.3) recency.remove(item);
      else recency.touch(item);
      const wasThere = model.includes(item);
      model = model.filter((other) => other !== item);
      const isThere = !wasThere || recency.size > model.length;
      if (isThere) model.push(item);
      expect([...recency.fromOldest()].map(({ name }) => name)).toEqual(model.map(({ name }) => name));
      expect(recency.oldest).toBe(model[0]);
    }
  });

  it('lets the item at hand be removed while it is walked', () => {
    const recency = new Recency<Item>();
    for (let i = 0; i < 5; i++) recency.add(new Item(i));
    const met = [];
    for (const item of recency.fromOldest()) {
      met.push(item.name);
      if (item.name % 2 === 0) recency.remove(item);
    }
    expect(met).toEqual([0, 1, 2, 3, 4]);
    expect([...recency.fromOldest()].map(({ name }) => name)).toEqual([1, 3]);
  });
});
