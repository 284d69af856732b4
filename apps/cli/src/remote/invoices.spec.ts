import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { invoices, type InvoiceOptions } from './invoices.js';
import { ControlStandIn } from './testing/control-stand-in.js';

const FROM = '2026-06-01T00:00:00.000Z';
const INVOICE = {
  ...{ id: 'i', number: 'INV-000001', state: 'finalized', period: { from: FROM, to: '2026-07-01T00:00:00.000Z' } },
  ...{ currency: 'USD', total: 2_040, credited: 40, due: 2_000 },
};
const LINES = [
  {
    line: 1,
    kind: 'fee',
    periodFrom: FROM,
    plan: 'a\u202eb',
    planVersion: 1,
    meter: null,
    quantity: '0',
    included: '0',
    amount: 2_000,
  },
  {
    ...{ line: 2, kind: 'meter', periodFrom: '2026-05-01T00:00:00.000Z', plan: 'pro', planVersion: 2 },
    ...{ meter: 'readUnits', quantity: '99999999999999999999', included: '5', amount: 40 },
  },
];

describe('the command for invoices', () => {
  let control: ControlStandIn;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leasehold-'));
    control = await ControlStandIn.start((_, asked) => {
      if (asked.includes('/lines')) return { lines: LINES, cursor: null };
      return asked.includes('/invoices?') ? { invoices: [INVOICE], cursor: null } : INVOICE;
    });
  });
  afterEach(async () => {
    await control.close();
    await rm(folder, { recursive: true });
  });

  const run = (id?: string, options: InvoiceOptions = {}, json = false) =>
    invoices(id, options, control.env, control.output(json));

  it('lists issued ones, a line each', async () => {
    await run();
    expect(control.asked).toEqual(['GET /v1/invoices?limit=500']);
    expect(control.lines).toEqual([
      'month\tnumber\tstate\ttotal\tdue\tcurrency',
      '2026-06\tINV-000001\tfinalized\t2040\t2000\tUSD',
    ]);
  });

  it('tells the lines of one, or of a month, and what they come to', async () => {
    await run('2026-06');
    expect(control.asked).toEqual(['GET /v1/invoices/2026-06', 'GET /v1/invoices/i/lines?limit=500']);
    expect(control.lines).toEqual([
      'month\twhat\tplan\tquantity\tincluded\tamount',
      '2026-06\tfee\ta\\u202eb 1\t0\t0\t2000',
      '2026-05\treadUnits\tpro 2\t99999999999999999999\t5\t40',
      '\ttotal\t\t\t\t2040 USD',
    ]);
  });

  it('prints what came where JSON is wanted', async () => {
    await run(undefined, {}, true);
    await run('i', {}, true);
    expect(control.lines.map((line) => JSON.parse(line) as unknown)).toEqual([INVOICE, ...LINES]);
  });

  it('writes the PDF of one, and of nothing else', async () => {
    const pdf = join(folder, 'invoice.pdf');
    await run('i', { pdf });
    expect(control.asked).toEqual(['GET /v1/invoices/i/pdf']);
    expect(JSON.parse(await readFile(pdf, 'utf8'))).toEqual(INVOICE);
    await expect(run(undefined, { pdf })).rejects.toMatchObject({ name: 'CliError' });
  });
});
