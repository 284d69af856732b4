import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { metrics, type MetricsOptions } from './metrics.js';
import { ControlStandIn } from './testing/control-stand-in.js';

const FROM = '2026-06-01T00:00:00.000Z';
const ROWS = [
  {
    ...{ from: FROM, requests: 1_200, errors: 1, p50Ms: 1.7299, p99Ms: 41.46, coldStarts: 2 },
    coldPhasesMs: { lease: 0.24, open: 30 },
  },
  {
    from: '2026-06-01T00:05:00.000Z',
    requests: 1,
    errors: 0,
    p50Ms: null,
    p99Ms: null,
    coldStarts: 0,
    coldPhasesMs: {},
  },
];

describe('the command for metrics', () => {
  let control: ControlStandIn;

  beforeEach(async () => {
    control = await ControlStandIn.start(() => ({
      ...{ database: 'id-1', from: FROM, to: FROM, step: 'minute', completeTo: null },
      metrics: ROWS,
    }));
  });
  afterEach(() => control.close());

  const run = (options: MetricsOptions = {}, json = false) =>
    metrics('a/b', options, control.env, control.output(json));

  it.each([
    [{}, 'GET /v1/databases/a%2Fb/metrics'],
    [
      { from: '2026-06-01T00:00Z', to: '2026-06-02T00:00Z', step: 'hour' },
      `GET /v1/databases/a%2Fb/metrics?from=${encodeURIComponent(FROM)}&to=2026-06-02T00%3A00%3A00.000Z&step=hour`,
    ],
  ] as const)('asks, of %j: %s', async (options, wanted) => {
    await run(options);
    expect(control.asked).toEqual([wanted]);
  });

  it('prints a line for each step, and where the time of cold starts went', async () => {
    await run();
    expect(control.lines).toEqual([
      'from\trequests\terrors\tp50 ms\tp99 ms\tcold starts\tof which each took, ms',
      `${FROM}\t1200\t1\t1.7\t41.5\t2\tlease 0.2, open 30`,
      '2026-06-01T00:05:00.000Z\t1\t0\t\t\t0\t',
    ]);
  });

  it('prints steps as they came where JSON is wanted', async () => {
    await run({}, true);
    expect(control.lines.map((line) => JSON.parse(line) as unknown)).toEqual(ROWS);
  });

  it('asks nothing for what is no time', async () => {
    await expect(run({ to: 'tomorrow' })).rejects.toMatchObject({ name: 'CliError' });
    expect(control.asked).toEqual([]);
  });
});
