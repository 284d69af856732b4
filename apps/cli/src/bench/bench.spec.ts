import { describe, expect, it } from '@jest/globals';
import type { Benchmark } from '@leasehold/bench';

import { bench } from './bench.js';

describe('bench', () => {
  const row = {
    value: 3,
    unit: 'round trips',
    target: 2,
    better: 'lower',
    peer: null,
    ratio: null,
    mode: 'm',
  } as const;
  const benchmark = (name: string): Benchmark => ({
    name,
    about: name,
    measure: () => Promise.resolve([{ ...row, id: `${name}-row`, note: 'n' }]),
  });
  const all = [benchmark('reads'), benchmark('writes')];

  it('runs the named one, or all', async () => {
    const printed: string[] = [];
    await bench('writes', { json: true }, all, (text) => printed.push(text));
    await bench(undefined, { json: true }, all, (text) => printed.push(text));
    expect(printed.map((line) => (JSON.parse(line) as { name: string }).name)).toEqual(['writes', 'reads', 'writes']);
  });

  it('marks a missed target for people', async () => {
    const printed: string[] = [];
    await bench('reads', { json: false }, all, (text) => printed.push(text));
    expect(printed.join()).toMatch(/MISSED {2}reads-row {2}3 round trips {2}\(target ≤ 2\)/);
  });

  it('lists what there is when the name is unknown', async () => {
    await expect(bench('nope', { json: false }, all)).rejects.toMatchObject({
      message: 'no benchmark "nope"; there are: reads, writes',
      exitCode: 2,
    });
  });
});
