import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ControlStandIn } from './testing/control-stand-in.js';
import { usage, type UsageOptions } from './usage.js';

const COUNTS = { writeUnits: 3, readUnits: 5, egressBytes: 700, storedGbHours: 12 };
const FROM = '2026-06-01T00:00:00.000Z';
const HEADING = 'from\tof\twrite units\tread units\tegress bytes\tstored GB-hours';

describe('the command for usage', () => {
  let control: ControlStandIn;
  let rows: object[];

  beforeEach(async () => {
    rows = [{ from: FROM, ...COUNTS }];
    control = await ControlStandIn.start(() => ({ usage: rows, cursor: null }));
  });
  afterEach(() => control.close());

  const run = (options: UsageOptions = {}, json = false) => usage(options, control.env, control.output(json));

  it.each([
    [{}, 'GET /v1/usage?limit=500'],
    [
      { from: '2026-06-01T00:00Z', to: '2026-06-02T00:00Z', step: 'hour', group: 'label:tier', database: 'main' },
      `GET /v1/usage?limit=500&from=${encodeURIComponent(FROM)}&to=2026-06-02T00%3A00%3A00.000Z&step=hour&group=label%3Atier&database=main`,
    ],
  ] as const)('asks, of %j: %s', async (options, wanted) => {
    await run(options);
    expect(control.asked).toEqual([wanted]);
  });

  it('says of what each line is, and lets no label leave it', async () => {
    const of = [{}, { database: 'id-1' }, { key: 'k' }, { key: null }, { label: 'a\u202eb' }, { label: null }];
    rows = of.map((each) => ({ from: FROM, ...each, ...COUNTS }));
    await run();
    const told = ['everything', 'id-1', 'k', 'no key', 'a\\u202eb', 'no label'];
    expect(control.lines).toEqual([HEADING, ...told.map((text) => `${FROM}\t${text}\t3\t5\t700\t12`)]);
  });

  it('prints rows as they came where JSON is wanted', async () => {
    await run({}, true);
    expect(control.lines.map((line) => JSON.parse(line) as unknown)).toEqual(rows);
  });

  it('asks nothing for what is no time', async () => {
    await expect(run({ from: 'yesterday' })).rejects.toMatchObject({ name: 'CliError' });
    expect(control.asked).toEqual([]);
  });
});
