import type { Metadata } from '@leasehold/metadata';

import type { InvoiceSource } from './invoice-source.js';
import { creditNoteView, lineView, type CreditNoteView, type InvoiceView, type LineView } from './invoice-view.js';
import { formatAmount, formatQuantity } from './quantity-text.js';

/** On a page for people; an organization whose plan changes every hour has more, and reads them as JSON. */
export const MAX_DOCUMENT_LINES = 500;

/** An invoice as people read it, in whatever form. */
export interface InvoiceDocument {
  readonly invoice: InvoiceView;
  readonly title: string;
  readonly period: string;
  readonly lines: readonly DocumentLine[];
  /** There are more than {@link MAX_DOCUMENT_LINES}. */
  readonly isCut: boolean;
  readonly creditNotes: readonly (CreditNoteView & { readonly amountText: string })[];
  readonly total: string;
  readonly due: string;
  /** What has become of it, in a sentence. */
  readonly state: string;
}

export interface DocumentLine {
  readonly what: string;
  /** Of which days, and what came late. */
  readonly when: string;
  readonly quantity: string;
  readonly price: string;
  readonly amount: string;
}

const METER_NAMES = {
  readUnits: 'Read units',
  writeUnits: 'Write units',
  storedByteMs: 'Stored',
  egressBytes: 'Egress',
} as const;

export async function documentOf(metadata: Metadata, source: InvoiceSource): Promise<InvoiceDocument> {
  const { view: invoice } = source;
  const found = await source.lines(0, MAX_DOCUMENT_LINES + 1);
  const notes = invoice.number === null ? [] : await metadata.invoices.creditNotes(invoice.id);
  const { currency, period, total, due } = invoice;
  return {
    invoice,
    title: invoice.number === null ? 'Draft of an invoice' : `Invoice ${invoice.number}`,
    period: daysOf(period.from, period.to),
    lines: found.slice(0, MAX_DOCUMENT_LINES).map((line) => documentLine(lineView(line), invoice)),
    isCut: found.length > MAX_DOCUMENT_LINES,
    creditNotes: notes.map((note) => {
      const view = creditNoteView(note);
      return { ...view, amountText: formatAmount(-view.amount, currency) };
    }),
    total: formatAmount(total, currency),
    due: formatAmount(due, currency),
    state: stateOf(invoice),
  };
}

function documentLine(line: LineView, { currency, period }: InvoiceView): DocumentLine {
  const { kind, meter, plan, periodFrom, amount } = line;
  const late = periodFrom < period.from ? `, of ${periodFrom.toISOString().slice(0, 7)}, told late` : '';
  const common = { when: daysOf(line.from, line.to) + late, amount: formatAmount(amount, currency) };
  if (kind === 'fee' || meter === null) {
    const what = kind === 'fee' ? `Plan ${plan}` : `Minimum of plan ${plan}`;
    return { what, ...common, quantity: '', price: '' };
  }
  const included = line.included === '0' ? '' : `, ${formatQuantity(meter, line.included)} included`;
  return {
    what: METER_NAMES[meter],
    ...common,
    quantity: formatQuantity(meter, line.quantity) + included,
    price: `${formatAmount(line.price.amount, currency)} per ${formatQuantity(meter, line.price.per)}`,
  };
}

/** `2026-11-01 to 2026-11-30`: the last day is in it. Parts of days are told to the hour. */
function daysOf(from: Date, to: Date): string {
  const isDay = (date: Date) => date.getTime() % 86_400_000 === 0;
  if (!isDay(from) || !isDay(to)) return `${hourText(from)} to ${hourText(to)}`;
  return `${from.toISOString().slice(0, 10)} to ${new Date(to.getTime() - 1).toISOString().slice(0, 10)}`;
}

function hourText(date: Date): string {
  return date.toISOString().slice(0, 16).replace('T', ' ');
}

function stateOf({ state, paidAt, payment, voidedAt, voidReason, completeTo }: InvoiceView): string {
  const dayOf = (at: Date | null) => at?.toISOString().slice(0, 10) ?? '';
  if (state === 'paid') return `Paid on ${dayOf(paidAt)}: ${payment ?? ''}`;
  if (state === 'void') return `Void since ${dayOf(voidedAt)}: ${voidReason ?? ''}`;
  if (state === 'finalized') return 'To be paid';
  return `Not issued yet; usage is complete to ${completeTo?.toISOString() ?? 'no time yet'}`;
}
