import { inflateSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';

import type { DocumentLine, InvoiceDocument } from './invoice-document.js';
import { invoicePdf } from './invoice-pdf.js';

const LINE: DocumentLine = {
  what: 'Plan pro',
  when: '2026-11-01 to 2026-11-30',
  quantity: '',
  price: '',
  amount: '20.00 USD',
};
const NOTE = {
  id: 'c',
  number: 'CN-000001',
  invoiceId: 'i',
  amount: 5,
  createdAt: new Date(0),
  amountText: '-0.05 USD',
};

function documentOf(more: Partial<InvoiceDocument> = {}): InvoiceDocument {
  const nowhere = { street: '', postalCode: '', city: '', region: '', country: '', taxId: '', email: '' };
  return {
    ...{
      title: 'Invoice INV-000001',
      period: '2026-11-01 to 2026-11-30',
      lines: [LINE],
      isCut: false,
      creditNotes: [],
    },
    ...{ total: '20.00 USD', due: '20.00 USD', state: 'To be paid' },
    invoice: {
      ...{ id: 'i', number: 'INV-000001', state: 'finalized', currency: 'USD', total: 2_000, credited: 0, due: 2_000 },
      period: { from: new Date(Date.UTC(2026, 10)), to: new Date(Date.UTC(2026, 11)) },
      buyer: { name: 'Łódź Käufer 株', ...nowhere },
      issuer: { name: 'Seller', address: [], taxId: '' },
      ...{ completeTo: null, recordsTo: '0', finalizedAt: new Date(Date.UTC(2026, 11, 2)) },
      ...{ paidAt: null, payment: null, voidedAt: null, voidReason: null, charge: null },
    },
    ...more,
  };
}

/** What is drawn on each page, without what is between the pieces of a text. */
function pagesOf(pdf: Uint8Array): readonly string[] {
  const text = Buffer.from(pdf).toString('latin1');
  const streams = [...text.matchAll(/stream\r?\n([^]*?)\r?\nendstream/g)].map(([, body = '']) =>
    Buffer.from(body, 'latin1'),
  );
  const drawn = streams.flatMap((stream) => {
    try {
      return [inflateSync(stream).toString('latin1')];
    } catch {
      return [];
    }
  });
  return drawn.map((commands) =>
    [...commands.matchAll(/<([0-9a-f]+)>/g)].map(([, hex = '']) => Buffer.from(hex, 'hex').toString('latin1')).join(''),
  );
}

describe('the PDF of an invoice', () => {
  it('has the same bytes for the same document, and others for another', async () => {
    const [first, second, other] = [
      await invoicePdf(documentOf()),
      await invoicePdf(documentOf()),
      await invoicePdf(documentOf({ due: '0.00 USD' })),
    ];
    expect(Buffer.compare(first, second)).toBe(0);
    expect(Buffer.compare(first, other)).not.toBe(0);
  });

  it('shows every line, every amount, and letters without accents that its fonts lack', async () => {
    const [page = ''] = pagesOf(await invoicePdf(documentOf({ creditNotes: [{ ...NOTE, reason: 'an outage' }] })));
    for (const text of [
      'Invoice INV-000001',
      'Seller',
      'Lódz Käufer ?',
      'Plan pro',
      '20.00 USD',
      'CN-000001',
      '-0.05 USD',
      'an outage',
    ]) {
      expect(page.replaceAll(' ', '')).toContain(text.replaceAll(' ', ''));
    }
  });

  it('goes on on further pages, a row on one of them each', async () => {
    const lines = Array.from({ length: 60 }, (_, i) => ({ ...LINE, what: `Line-${i}-begins`, when: `Line-${i}-ends` }));
    const reason = 'a long story '.repeat(38).trim();
    const creditNotes = Array.from({ length: 6 }, () => ({ ...NOTE, reason }));
    const pages = pagesOf(await invoicePdf(documentOf({ lines, creditNotes })));
    expect(pages.length).toBeGreaterThan(3);
    for (let i = 0; i < lines.length; i++) {
      const [begin, end] = ['begins', 'ends'].map((part) =>
        pages.findIndex((page) => page.includes(`Line-${i}-${part}`)),
      );
      expect([i, begin]).toEqual([i, end]);
      expect(begin).toBeGreaterThanOrEqual(0);
    }
  });
});
