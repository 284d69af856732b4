import type { QueryKey } from '@tanstack/react-query';

import { answerOf, control, type Schemas } from '../api/control.js';
import type { usePages } from '../api/pages.js';
import { INVOICES } from './invoice-list.js';

type ReadPage<Page extends { readonly cursor: string | null }> = Parameters<typeof usePages<Page>>[1];

/** How what stands on an invoice is read: tenants read their own, operators those of all. */
export interface InvoiceReader {
  readonly key: QueryKey;
  readonly lines: ReadPage<Schemas['InvoiceLinePage']>;
  readonly databases: ReadPage<Schemas['InvoiceDatabasePage']>;
  readonly creditNotes: (signal: AbortSignal) => Promise<Schemas['CreditNoteList']>;
}

/** @param id of an invoice of one's own, or a month such as `2026-11` */
export function ownInvoice(id: string): InvoiceReader {
  return readerAt('/v1/invoices/{id}', id, [...INVOICES, id]);
}

export function readerAt(
  path: '/v1/invoices/{id}' | '/v1/admin/invoices/{id}',
  id: string,
  key: QueryKey,
): InvoiceReader {
  const at = { path: { id } };
  return {
    key,
    lines: (query, signal) => answerOf(control.GET(`${path}/lines`, { signal, params: { ...at, query } })),
    databases: (query, signal) => answerOf(control.GET(`${path}/databases`, { signal, params: { ...at, query } })),
    creditNotes: (signal) => answerOf(control.GET(`${path}/credit-notes`, { signal, params: at })),
  };
}
