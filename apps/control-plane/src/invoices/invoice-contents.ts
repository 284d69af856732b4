import { isDatabaseId } from '@leasehold/foundation';
import type { Metadata } from '@leasehold/metadata';

import { damagedCursor, pageOf, type Page } from '../requests/page.js';
import type { DatabasePlace, InvoiceSource } from './invoice-source.js';
import { creditNoteView, lineDatabaseView, lineView } from './invoice-view.js';

const LINE = /^[1-9]\d{0,8}$/;
const DATABASE_PLACE = /^([1-9]\d{0,8}) (.{36})$/;

/** A page of the lines of an invoice, as tenants and operators are told them. */
export async function linesOf(invoice: InvoiceSource, { limit, after }: Page) {
  const found = await invoice.lines(after === undefined ? 0 : Number(placeIn(LINE, after)[0]), limit + 1);
  const { items, cursor } = pageOf(found, limit, ({ line }) => String(line));
  return { lines: items.map(lineView), cursor };
}

/** A page of what of each line is which database's. */
export async function databasesOf(invoice: InvoiceSource, { limit, after }: Page) {
  const found = await invoice.databases(after === undefined ? undefined : databasePlace(after), limit + 1);
  const { items, cursor } = pageOf(found, limit, ({ line, databaseId }) => `${line} ${databaseId}`);
  return { databases: items.map(lineDatabaseView), cursor };
}

/** All that was credited of an invoice. */
export async function creditNotesOf({ invoices }: Metadata, { view }: InvoiceSource) {
  return { creditNotes: (await invoices.creditNotes(view.id)).map(creditNoteView) };
}

/** @throws ProblemError the cursor is none that an answer had */
export function placeIn(pattern: RegExp, text: string): RegExpExecArray {
  const found = pattern.exec(text);
  if (found) return found;
  throw damagedCursor();
}

function databasePlace(text: string): DatabasePlace {
  const [, line, databaseId = ''] = placeIn(DATABASE_PLACE, text);
  if (!isDatabaseId(databaseId)) throw damagedCursor();
  return { line: Number(line), databaseId };
}
