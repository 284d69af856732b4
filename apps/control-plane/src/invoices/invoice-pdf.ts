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
/** Between rows, half of it above the line that parts them. */
const ROW_GAP = 9;

type Pdf = InstanceType<typeof PdfDocument>;

/**
 * The invoice as a PDF of A4 pages. The same document gives the same bytes: the only time in it is when the invoice was issued. The fonts are those that every reader has, which know
 * the letters of Western Europe alone: others lose their accents, or are shown as question marks; the page of HTML has them all.
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
  const row = (what: string, amount: string, when = '') => ({ what, when, quantity: '', price: '', amount });
  writeRow(pdf, { ...row('What', 'Amount'), quantity: 'Quantity', price: 'Price' }, 'Helvetica-Bold');
  for (const line of document.lines) writeRow(pdf, line, 'Helvetica');
  writeRow(pdf, row('Total', document.total), 'Helvetica-Bold');
  for (const { number, reason, amountText } of document.creditNotes) {
    writeRow(pdf, row(`Credit note ${number}`, amountText, reason), 'Helvetica');
  }
  writeRow(pdf, row('Due', document.due), 'Helvetica-Bold');
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

function writeRow(pdf: Pdf, line: DocumentLine, font: string): void {
  const { what, when, quantity, price, amount } = line;
  const cells = [
    { text: what, ...COLUMNS.what, align: 'left', size: NORMAL },
    { text: quantity, ...COLUMNS.quantity, align: 'right', size: SMALL },
    { text: price, ...COLUMNS.price, align: 'right', size: SMALL },
    { text: amount, ...COLUMNS.amount, align: 'right', size: NORMAL },
  ] as const;
  const heights = cells.map(({ text, width, size }) => heightOf(pdf, font, size, text, width));
  const [nameHeight = 0] = heights;
  const whole = Math.max(nameHeight + heightOf(pdf, 'Helvetica', SMALL, when, COLUMNS.what.width), ...heights);
  // A row stands on one page.
  if (pdf.y + whole + ROW_GAP > pdf.page.height - MARGIN) pdf.addPage();
  const top = pdf.y;
  for (const { text, x, width, align, size } of cells) {
    pdf.font(font).fontSize(size).text(written(text), x, top, { width, align });
  }
  pdf.font('Helvetica').fontSize(SMALL).fillColor(GREY);
  pdf.text(written(when), COLUMNS.what.x, top + nameHeight, { width: COLUMNS.what.width }).fillColor(BLACK);
  const bottom = top + whole + ROW_GAP / 2;
  pdf.moveTo(MARGIN, bottom).lineTo(RIGHT, bottom).lineWidth(0.5).strokeColor('#dddddd').stroke();
  pdf.y = top + whole + ROW_GAP;
}

function heightOf(pdf: Pdf, font: string, size: number, text: string, width: number): number {
  return text === '' ? 0 : pdf.font(font).fontSize(size).heightOfString(written(text), { width });
}

/** Latin-1 without control characters, and the euro sign: what the fonts of every reader have. */
const KNOWN = /[\n\x20-\x7e\xa1-\xff€]/;
/** Letters that no decomposition makes plain. */
const PLAIN: Readonly<Record<string, string>> = { Ł: 'L', ł: 'l', Đ: 'D', đ: 'd', ı: 'i' };

/** Letters that the fonts lack lose their accents, others become question marks. */
function written(text: string): string {
  return [...text.normalize('NFC')].map((letter) => (KNOWN.test(letter) ? letter : plain(letter))).join('');
}

function plain(letter: string): string {
  const base = PLAIN[letter] ?? letter.normalize('NFKD').replace(/\p{Mark}/gu, '');
  return base !== '' && [...base].every((each) => KNOWN.test(each)) ? base : '?';
}
