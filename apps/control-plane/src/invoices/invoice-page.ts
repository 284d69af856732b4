import type { BillingDetailsRecord } from '@leasehold/metadata';

import type { InvoiceDocument } from './invoice-document.js';
import type { IssuerView } from './invoice-view.js';

/** The page has its style in itself, and runs nothing. */
export const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const STYLE = `
body{font:14px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.5rem;margin:0 0 .25rem}header,.parties{display:flex;justify-content:space-between;gap:2rem;margin-bottom:1.5rem}
table{width:100%;border-collapse:collapse}th,td{text-align:left;padding:.4rem .5rem;border-bottom:1px solid #ddd;vertical-align:top}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}small{color:#595959}tfoot small{font-weight:400}
@media print{body{margin:0;max-width:none}}`;

/** A page of HTML that prints well: no script, nothing loaded, every text escaped. */
export function invoicePage(document: InvoiceDocument): string {
  const { invoice, title, period, lines, isCut, creditNotes, total, due, state } = document;
  const rows = lines.map(
    ({ what, when, quantity, price, amount }) =>
      `<tr><td>${escape(what)}<br><small>${escape(when)}</small></td><td class="n">${escape(quantity)}</td>` +
      `<td class="n">${escape(price)}</td><td class="n">${escape(amount)}</td></tr>`,
  );
  const notes = creditNotes.map(
    ({ number, reason, amountText }) =>
      `<tr><td colspan="3">Credit note ${escape(number)}<br><small>${escape(reason)}</small></td>` +
      `<td class="n">${escape(amountText)}</td></tr>`,
  );
  const cut = isCut ? '<p>There are more lines than fit here: all of them are told as JSON.</p>' : '';
  const issued = invoice.finalizedAt === null ? '' : `<br>Issued ${invoice.finalizedAt.toISOString().slice(0, 10)}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${STYLE}</style></head>
<body><main><header><div><h1>${escape(title)}</h1><p>${escape(period)}, UTC${issued}</p></div><p>${escape(state)}</p></header>
<div class="parties"><address>${issuerLines(invoice.issuer).map(escape).join('<br>')}</address>
<address>${buyerLines(invoice.buyer).map(escape).join('<br>')}</address></div>
<table><thead><tr><th scope="col">What</th><th scope="col" class="n">Quantity</th><th scope="col" class="n">Price</th><th scope="col" class="n">Amount</th></tr></thead>
<tbody>${rows.join('\n')}</tbody>
<tfoot><tr><th scope="row" colspan="3">Total</th><td class="n">${escape(total)}</td></tr>${notes.join('\n')}<tr><th scope="row" colspan="3">Due</th><td class="n">${escape(due)}</td></tr></tfoot></table>
${cut}</main></body></html>
`;
}

/** Whom it is from, without what is empty. */
export function issuerLines({ name, address, taxId }: IssuerView): readonly string[] {
  return [name, ...address, taxId && `Tax id ${taxId}`].filter((line) => line !== '');
}

/** Whom it is to, without what is empty. */
export function buyerLines(buyer: BillingDetailsRecord): readonly string[] {
  const { name, street, postalCode, city, region, country, taxId, email } = buyer;
  const place = [postalCode, city].filter((part) => part !== '').join(' ');
  return [name, street, place, region, country, taxId && `Tax id ${taxId}`, email].filter((line) => line !== '');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
