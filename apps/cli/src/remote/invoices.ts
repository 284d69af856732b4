import { writeFile } from 'node:fs/promises';

import type { Control, InvoiceLine, InvoiceRecord } from '@leasehold/client/control';

import { CliError } from '../cli-error.js';
import { controlOf } from './account.js';
import { onOneLine, type Output } from './output.js';

export interface InvoiceOptions {
  readonly pdf?: string;
}

const HEADINGS = ['month', 'number', 'state', 'total', 'due', 'currency'];
const LINE_HEADINGS = ['month', 'what', 'plan', 'quantity', 'included', 'amount'];

/** What was billed: all issued invoices, or the lines of one, or of the draft of a month. Amounts are in the smallest unit of the currency. */
export async function invoices(
  id: string | undefined,
  { pdf }: InvoiceOptions,
  env: NodeJS.ProcessEnv,
  output: Output,
): Promise<void> {
  const { invoices: report } = controlOf(env);
  if (id === undefined && pdf !== undefined) throw new CliError('--pdf belongs to an invoice or a month');
  if (id === undefined) return tellAll(report, output);
  if (pdf !== undefined) {
    await writeFile(pdf, await report.pdf(id));
    return output.say(`written to ${pdf}`);
  }
  await tellLines(report, id, output);
}

async function tellAll(report: Control['invoices'], output: Output): Promise<void> {
  if (!output.json) await output.line(HEADINGS.join('\t'));
  for await (const invoice of report.list()) {
    await output.line(output.json ? JSON.stringify(invoice) : lineOf(invoice));
  }
}

async function tellLines(report: Control['invoices'], id: string, output: Output): Promise<void> {
  const invoice = await report.get(id);
  if (!output.json) await output.line(LINE_HEADINGS.join('\t'));
  for await (const line of report.lines(invoice.id)) {
    await output.line(output.json ? JSON.stringify(line) : rowOf(line));
  }
  if (!output.json) await output.line(['', 'total', '', '', '', `${invoice.total} ${invoice.currency}`].join('\t'));
}

function lineOf({ period, number, state, total, due, currency }: InvoiceRecord): string {
  return [monthOf(period.from), number ?? '', state, total, due, currency].join('\t');
}

function rowOf({ periodFrom, kind, meter, plan, planVersion, quantity, included, amount }: InvoiceLine): string {
  const of = `${onOneLine(plan)} ${planVersion}`;
  return [monthOf(periodFrom), meter ?? kind, of, quantity, included, amount].join('\t');
}

function monthOf(instant: string): string {
  return instant.slice(0, 7);
}
