import PdfDocument from 'pdfkit';

import type { DocumentLine, InvoiceDocument } from './invoice-document.js';
import { buyerLines, issuerLines } from './invoice-page.js';

const MARGIN = 48;
const SMALL = 8;
const NORMAL = 10;
const GREY = '#595959';
const BLACK = '#000000';
/** Left edges and widths of the columns, in points of a page of A4: 595 wide. */
const COLUMNS = {
  what: { x: MARGIN, width: 185 },
  quantity: { x: 238, width: 125 },
  price: { x: 368, width: 95 },
  amount: { x: 468, width: 79 },
} as const;
const RIGHT = COLUMNS.amount.x + COLUMNS.amount.width;
/** A line of two rows of text, and room below it. */
const LINE_HEIGHT = 30;

type Pdf = InstanceType<typeof PdfDocument>;

/**
 * The invoice as a PDF of A4 pages. The same document gives the same bytes: the only time in it is when the invoice was issued. The fonts are those that every reader has, which know
 * the letters of Western Europe alone: others are shown as a question mark; the page of HTML has them all.
 */
export async function invoicePdf(document: InvoiceDocument): Promise<Uint8Array> {
  const { invoice, title } = document;
  const pdf = new PdfDocument({
    size: 'A4',
    margin: MARGIN,
    info: {
      Title: title,
      Producer: 'Leasehold',
      Creator: 'Leasehold',
      CreationDate: invoice.finalizedAt ?? new Date(0),
    },
  });
  const chunks: Uint8Array[] = [];
  pdf.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => pdf.on('end', resolve).on('error', reject));
  writeHead(pdf, document);
  writeColumn(
    pdf,
    { what: 'What', when: '', quantity: 'Quantity', price: 'Price', amount: 'Amount' },
    'Helvetica-Bold',
  );
  for (const line of document.lines) writeColumn(pdf, line, 'Helvetica');
  for (const { number, reason, amountText } of document.creditNotes) {
    const note = { what: `Credit note ${number}`, when: reason, quantity: '', price: '', amount: amountText };
    writeColumn(pdf, note, 'Helvetica');
  }
  for (const [what, amount] of [
    ['Total', document.total],
    ['Due', document.due],
  ] as const) {
    writeColumn(pdf, { what, when: '', quantity: '', price: '', amount }, 'Helvetica-Bold');
  }
  const { x, width } = COLUMNS.what;
  pdf
    .font('Helvetica')
    .fontSize(NORMAL)
    .text(written(document.state), x, pdf.y, { width: RIGHT - x });
  if (document.isCut)
    pdf.text('There are more lines than fit here: all of them are told as JSON.', { width: width * 2 });
  pdf.end();
  await ended;
  return Buffer.concat(chunks);
}

function writeHead(pdf: Pdf, { invoice, title, period }: InvoiceDocument): void {
  const width = RIGHT - MARGIN;
  pdf.font('Helvetica-Bold').fontSize(18).text(title, MARGIN, MARGIN, { width });
  const issued = invoice.finalizedAt === null ? '' : `, issued ${invoice.finalizedAt.toISOString().slice(0, 10)}`;
  pdf.font('Helvetica').fontSize(NORMAL).fillColor(GREY).text(`${period}, UTC${issued}`, { width }).fillColor(BLACK);
  pdf.moveDown();
  const top = pdf.y;
  const half = width / 2;
  pdf.text(written(issuerLines(invoice.issuer).join('\n')), MARGIN, top, { width: half - 10 });
  const below = pdf.y;
  pdf.text(written(buyerLines(invoice.buyer).join('\n')), MARGIN + half, top, { width: half });
  pdf.y = Math.max(below, pdf.y) + 2 * NORMAL;
}

function writeColumn(pdf: Pdf, { what, when, quantity, price, amount }: DocumentLine, font: string): void {
  if (pdf.y + LINE_HEIGHT > pdf.page.height - MARGIN) pdf.addPage();
  const top = pdf.y;
  pdf.font(font).fontSize(NORMAL);
  let bottom = top;
  const cell = (
    text: string,
    { x, width }: { readonly x: number; readonly width: number },
    align: 'left' | 'right',
  ) => {
    pdf.text(written(text), x, top, { width, align });
    if (text !== '') bottom = Math.max(bottom, pdf.y);
  };
  cell(what, COLUMNS.what, 'left');
  const belowName = pdf.y;
  pdf.fontSize(SMALL);
  cell(quantity, COLUMNS.quantity, 'right');
  cell(price, COLUMNS.price, 'right');
  pdf.fontSize(NORMAL);
  cell(amount, COLUMNS.amount, 'right');
  if (when !== '') {
    pdf.font('Helvetica').fontSize(SMALL).fillColor(GREY);
    pdf.text(written(when), COLUMNS.what.x, belowName, { width: COLUMNS.what.width }).fillColor(BLACK);
    bottom = Math.max(bottom, pdf.y);
  }
  pdf
    .moveTo(MARGIN, bottom + 4)
    .lineTo(RIGHT, bottom + 4)
    .lineWidth(0.5)
    .strokeColor('#dddddd')
    .stroke();
  pdf.y = bottom + 9;
}

/** Latin-1 without control characters, and the euro sign: what the fonts of every reader have. */
const FOREIGN = /[^\n\x20-\x7e\xa1-\xff€]/gu;

function written(text: string): string {
  return text.normalize('NFC').replace(FOREIGN, '?');
}
