import { seededRandom } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { allKeys, drawOperation, keysWithPrefix, LARGE, SMALL } from './operation.js';

describe('operations', () => {
  it('are the same for the same seed, of every kind, and on known keys', () => {
    const draw = () => {
      const random = seededRandom(7);
      return Array.from({ length: 2_000 }, () => drawOperation(random, LARGE));
    };
    const operations = draw();
    expect(draw()).toEqual(operations);
    const kinds = new Set(operations.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([
      ...['create', 'delete', 'delete-exact', 'get', 'get-tally'],
      ...['increment', 'list', 'put', 'sum'],
    ]);
    const keys = new Set(allKeys(LARGE));
    for (const operation of operations) {
      if (operation.kind === 'list') expect(keysWithPrefix(LARGE, operation.prefix).length).toBeGreaterThan(0);
      else if ('key' in operation) expect(keys).toContain(operation.key);
    }
  });

  it('never delete a counter, whose count would begin anew', () => {
    const random = seededRandom(8);
    for (let n = 0; n < 2_000; n++) {
      const operation = drawOperation(random, SMALL);
      if (operation.kind === 'delete' || operation.kind === 'delete-exact') expect(operation.key).not.toMatch(/^c/);
    }
  });
});
