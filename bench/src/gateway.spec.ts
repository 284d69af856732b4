import { describe, expect, it } from '@jest/globals';

import { report } from './benchmark.js';
import { gateway } from './gateway.js';

describe('the way through gateway and worker', () => {
  it('is told beside a bare route', async () => {
    const { rows } = await report(gateway, { size: 'quick' });
    expect(rows.map(({ id }) => id)).toEqual([
      'gateway-get',
      'gateway-put',
      'added-p99-ms',
      'connections',
      'ycsb-b-http',
      'ycsb-b-http-p99',
    ]);
    // What is added to a latency may be less than nothing where few requests are asked on a busy machine.
    for (const { id, value } of rows) {
      if (id === 'added-p99-ms') expect(value).not.toBeNaN();
      else expect(value).toBeGreaterThan(0);
    }
    const held = rows.find(({ id }) => id === 'connections');
    expect(held?.value).toBe(held?.target);
  }, 60_000);
});
