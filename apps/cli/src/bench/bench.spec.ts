import { describe, expect, it } from '@jest/globals';
import type { Benchmark, BenchmarkOptions } from '@leasehold/bench';

import type { BenchOptions } from './bench.js';
import { bench } from './bench.js';

describe('bench', () => {
  const row = {
    value: 3,
    unit: 'round trips',
    target: 2,
    better: 'lower',
    peer: { name: 'other', value: 6 },
    ratio: 0.5,
    mode: 'm',
  } as const;
  const measured: (BenchmarkOptions & { readonly name: string })[] = [];
  const benchmark = (name: string): Benchmark => ({
    name,
    about: name,
    measure: async (options) => {
      measured.push({ ...options, name });
      return [{ ...row, id: `${name}-row`, note: 'n' }];
    },
  });

  async function run(name: string | undefined, options: BenchOptions, page = '') {
    measured.length = 0;
    const printed: string[] = [];
    const written: { path: string; text: string }[] = [];
    const output = {
      print: (text: string) => void printed.push(text),
      say: () => undefined,
      read: async () => page,
      write: async (path: string, text: string) => void written.push({ path, text }),
    };
    await bench(name, options, output, [benchmark('reads'), benchmark('writes')]);
    return { printed, written };
  }

  it('runs the named one, or all', async () => {
    const named = await run('writes', { json: true });
    const all = await run(undefined, { json: true });
    const names = [...named.printed, ...all.printed].map((line) => (JSON.parse(line) as { name: string }).name);
    expect(names).toEqual(['writes', 'reads', 'writes']);
  });

  it('prints one line of JSON with exactly what it promises', async () => {
    const { printed } = await run('reads', { json: true });
    const [line] = printed as [string];
    expect(line).not.toContain('\n');
    const parsed = JSON.parse(line) as { rows: object[] };
    expect(Object.keys(parsed)).toEqual(['name', 'rows', 'machine', 'command']);
    expect(Object.keys(parsed.rows[0] ?? {}).sort()).toEqual(
      ['id', 'value', 'unit', 'target', 'better', 'peer', 'ratio', 'mode', 'note'].sort(),
    );
  });

  it('hands the size on and names it in what to run again', async () => {
    const { printed } = await run('reads', { json: true, quick: true, size: 1000, tenants: 50 });
    expect(measured).toMatchObject([{ size: 'quick', databaseMiB: 1000, tenants: 50 }]);
    expect(JSON.parse(printed[0] as string)).toMatchObject({
      command: './leasehold bench reads --quick --size 1000 --tenants 50',
      rows: [{ mode: 'quick; m' }],
    });
  });

  it('marks a missed target for people', async () => {
    const { printed } = await run('reads', { json: false });
    expect(printed.join()).toMatch(/MISSED {2}reads-row {2}3 round trips {2}\(target ≤ 2\)/);
  });

  it('writes the page of all results', async () => {
    const { written } = await run(undefined, { json: true, docs: 'page.md' });
    expect(written.map(({ path }) => path)).toEqual(['page.md']);
    expect(written[0]?.text).toMatch(/## reads[^]*reads-row[^]*missed[^]*## writes/);
  });

  it('writes only the section of the named one anew', async () => {
    const options = { json: true, docs: 'page.md' };
    const [whole] = (await run(undefined, options)).written;
    const page = (whole?.text ?? '').replaceAll('3 round trips', '9 round trips');
    const [changed] = (await run('writes', options, page)).written;
    expect(changed?.text).toBe(page.replace(/(## writes[^]*)9 round trips/, '$13 round trips'));
    const [alone] = (await run('writes', options)).written;
    expect(alone?.text).not.toContain('## reads');
  });

  it('lists what there is when the name is unknown', async () => {
    await expect(run('nope', { json: false })).rejects.toMatchObject({
      message: 'no benchmark "nope"; there are: reads, writes',
      exitCode: 2,
    });
  });
});
