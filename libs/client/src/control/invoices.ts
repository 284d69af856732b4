import type { CallOptions } from '../options.js';
import type { JsonService } from './json-service.js';

/** What is billed for a calendar month in UTC. Amounts are whole, in the smallest unit of the currency. */
export interface InvoiceRecord {
  /** Of a draft, its month: `2026-11`. */
  readonly id: string;
  /** Null: a draft. */
  readonly number: string | null;
  readonly state: 'draft' | 'finalized' | 'paid' | 'void';
  readonly period: { readonly from: string; readonly to: string };
  readonly currency: string;
  readonly total: number;
  /** By credit notes, together. */
  readonly credited: number;
  /** What is to be paid. */
  readonly due: number;
  /** Every usage record that was in the bucket then is in it. */
  readonly completeTo: string | null;
  readonly finalizedAt: string | null;
  readonly paidAt: string | null;
  /** How it is being paid. Null: a draft. */
  readonly charge: InvoiceCharge | null;
}

/** What becomes of a payment: docs/payments.md. */
export interface InvoiceCharge {
  readonly state: 'waiting' | 'processing' | 'failed' | 'paid' | 'void';
  /** A word that says why, with `failed` alone. */
  readonly failure: string | null;
  /** Where it can be paid by hand. */
  readonly payUrl: string | null;
  /** When it is charged again; null: not by itself. */
  readonly nextChargeAt: string | null;
}

/** A fee, a meter, or what is missing to the minimum, under one version of a plan. */
export interface InvoiceLine {
  /** From 1. */
  readonly line: number;
  readonly kind: 'fee' | 'meter' | 'minimum';
  /** When the month begins that it is of: before the invoice's where it came late. */
  readonly periodFrom: string;
  readonly from: string;
  readonly to: string;
  readonly plan: string;
  readonly planVersion: number;
  readonly meter: 'readUnits' | 'writeUnits' | 'storedByteMs' | 'egressBytes' | null;
  /** Decimal digits, in units of the meter. */
  readonly quantity: string;
  /** Of these, what is free. */
  readonly included: string;
  readonly price: { readonly amount: number; readonly per: string };
  readonly amount: number;
}

/** What an organization is billed, for a key with `usage:read`. `id` is an invoice's, or a month such as `2026-11`: its draft until the invoice is issued. */
export class InvoiceReport {
  constructor(private readonly service: JsonService) {}

  /** Issued ones, the latest month in front, page by page as they are iterated over. */
  list(options?: CallOptions): AsyncIterableIterator<InvoiceRecord> {
    return this.service.list('/invoices', 'invoices', options);
  }

  /** @throws NotFoundError */
  get(id: string, options?: CallOptions): Promise<InvoiceRecord> {
    return this.service.read(`/invoices/${encodeURIComponent(id)}`, options);
  }

  /** By number. @throws NotFoundError */
  lines(id: string, options?: CallOptions): AsyncIterableIterator<InvoiceLine> {
    return this.service.list(`/invoices/${encodeURIComponent(id)}/lines`, 'lines', options);
  }

  /** @throws NotFoundError */
  pdf(id: string, options?: CallOptions): Promise<Uint8Array> {
    return this.service.bytes(`/invoices/${encodeURIComponent(id)}/pdf`, options);
  }
}
