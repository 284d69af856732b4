import { assert } from '@leasehold/foundation';
import type {
  BillingDetailsRecord,
  CreditNoteRecord,
  InvoiceDraft,
  InvoiceLineRecord,
  InvoiceRecord,
  IssuerRecord,
  LineDatabaseRecord,
  SessionRecords,
} from '@leasehold/metadata';

import { chargeView, type ChargeView } from '../payments/charge-view.js';

/** An invoice as people and programs see it. Amounts are whole, in the smallest unit of the currency. */
export interface InvoiceView {
  /** Of a draft, its month: `2026-11`. */
  readonly id: string;
  /** Null: a draft. */
  readonly number: string | null;
  readonly state: 'draft' | InvoiceRecord['state'];
  readonly period: { readonly from: Date; readonly to: Date };
  readonly currency: string;
  readonly total: number;
  readonly credited: number;
  /** What is to be paid. */
  readonly due: number;
  readonly buyer: BillingDetailsRecord;
  readonly issuer: IssuerView;
  /** Every usage record that was in the bucket then is in it. */
  readonly completeTo: Date | null;
  /** Usage records up to this position are in it. */
  readonly recordsTo: string;
  readonly finalizedAt: Date | null;
  readonly paidAt: Date | null;
  readonly payment: string | null;
  readonly voidedAt: Date | null;
  readonly voidReason: string | null;
  /** How it is being paid. Null: a draft. */
  readonly charge: ChargeView | null;
}

export interface IssuerView {
  readonly name: string;
  readonly address: readonly string[];
  readonly taxId: string;
}

export function invoiceView(invoice: InvoiceRecord, payment: ChargeView | undefined): InvoiceView {
  const { number, periodFrom, periodTo, total, credited, issuer, recordsTo, organizationId: _, ...shown } = invoice;
  return {
    ...shown,
    number: invoiceNumber(number),
    period: { from: periodFrom, to: periodTo },
    total: amountOf(total),
    credited: amountOf(credited),
    due: shown.state === 'finalized' ? amountOf(total - credited) : 0,
    issuer: issuerView(issuer),
    recordsTo: String(recordsTo),
    charge: payment ? chargeView(payment) : null,
  };
}

export function draftView(draft: InvoiceDraft, buyer: BillingDetailsRecord, issuer: IssuerRecord): InvoiceView {
  const { period, currency, total, completeTo, recordsTo } = draft;
  return {
    id: monthName(new Date(period.from)),
    number: null,
    state: 'draft',
    period: { from: new Date(period.from), to: new Date(period.to) },
    ...{ currency, total: amountOf(total), credited: 0, due: amountOf(total) },
    ...{ buyer, issuer: issuerView(issuer), completeTo: completeTo ?? null, recordsTo: String(recordsTo) },
    ...{ finalizedAt: null, paidAt: null, payment: null, voidedAt: null, voidReason: null, charge: null },
  };
}

export function lineView({ quantity, included, price, amount, entries, ...line }: InvoiceLineRecord) {
  return {
    ...line,
    quantity: String(quantity),
    included: String(included),
    price: { amount: amountOf(price.amount), per: String(price.per) },
    amount: amountOf(amount),
    entries: Number(entries),
  };
}
export type LineView = ReturnType<typeof lineView>;

export function lineDatabaseView({ databaseId, quantity, amount, ...part }: LineDatabaseRecord) {
  return { ...part, database: databaseId, quantity: String(quantity), amount: amountOf(amount) };
}

export function recordsView({ session, first, last, count }: SessionRecords) {
  return { session, first: Number(first), last: Number(last), count: Number(count) };
}

export function creditNoteView({ id, number, invoiceId, amount, reason, createdAt }: CreditNoteRecord) {
  return { id, number: creditNoteNumber(number), invoiceId, amount: amountOf(amount), reason, createdAt };
}
export type CreditNoteView = ReturnType<typeof creditNoteView>;

export function issuerView({ name, address, taxId }: IssuerRecord): IssuerView {
  return { name, address: address === '' ? [] : address.split('\n'), taxId };
}

/** `2026-11`. */
export function monthName(periodFrom: Date): string {
  return periodFrom.toISOString().slice(0, 7);
}

const NUMBER_DIGITS = 6;

export function invoiceNumber(number: bigint): string {
  return `INV-${String(number).padStart(NUMBER_DIGITS, '0')}`;
}

function creditNoteNumber(number: bigint): string {
  return `CN-${String(number).padStart(NUMBER_DIGITS, '0')}`;
}

/** Within what a number of JSON holds exactly: a hundred million million of a currency with cents. */
export function amountOf(amount: bigint): number {
  const number = Number(amount);
  assert(Number.isSafeInteger(number), 'an amount is exact as a number');
  return number;
}
