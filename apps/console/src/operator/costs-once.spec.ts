import { describe, expect, it } from '@jest/globals';

import { costsOnce } from './costs-once.js';

describe('costs of tenants, over pages', () => {
  it('have each tenant once, as it was told last and where', () => {
    const row = (organizationId: string, cost: number) => ({ organizationId, cost });
    const told = [row('a', 1), row('b', 2), row('c', 3), row('a', 4)];
    expect(costsOnce(told)).toEqual([row('b', 2), row('c', 3), row('a', 4)]);
    expect(costsOnce([])).toEqual([]);
  });
});
