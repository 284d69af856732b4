import { describe, expect, it } from '@jest/globals';
import { bench, type Benchmark } from './bench.js';

describe('bench', () => {
  const ran: string[] = [];
  const benchmark = (name: string): Benchmark => ({ name, about: name, run: async () => void ran.push(name) });

  it('runs the named one, or all', async () => {
    const all = [benchmark('reads'), benchmark('writes')];
    await bench('writes', { json: false }, all);
    await bench(undefined, { json: false }, all);
    expect(ran).toEqual(['writes', 'reads', 'writes']);
  });

  it('lists what there is when the name is unknown', async () => {
    const unknown = bench('nope', { json: false }, [benchmark('reads')]);
    await expect(unknown).rejects.toMatchObject({ message: 'no benchmark "nope"; there are: reads', exitCode: 2 });
  });

  it('says that there are none', async () => {
    await expect(bench(undefined, { json: false }, [])).rejects.toMatchObject({
      message: 'no benchmark to run: there are none yet',
      exitCode: 2,
    });
  });
});
