import { describe, expect, it } from '@jest/globals';
import type { InvoiceLetter } from '@leasehold/metadata';
import type { Logger } from '@leasehold/service-kit';

import { Letters } from '../mail/letters.js';
import type { Mail } from '../mail/mail.js';
import { mailInvoices } from './mail-invoices.js';

const letter = (number: number, recipients: readonly string[]): InvoiceLetter => ({
  ...{ invoiceId: `i${number}`, organizationId: 'o', number: BigInt(number), currency: 'USD', total: 274_000n },
  ...{ periodFrom: new Date(Date.UTC(2026, 10)), recipients },
});

function world(waiting: (InvoiceLetter | null)[], room = 1_000) {
  const sent: Mail[] = [];
  const warned: unknown[] = [];
  const mails = {
    configured: true,
    get size() {
      return sent.length;
    },
    post: (mail: Mail) => {
      if (sent.length >= room) throw new Error('too many mails are waiting');
      sent.push(mail);
    },
  };
  const look = () =>
    mailInvoices({
      metadata: { invoiceLetters: { take: async () => waiting.shift() } } as never,
      ...{ mails, letters: new Letters('http://console.example') },
      logger: { warn: (told: unknown) => warned.push(told) } as unknown as Logger,
    });
  return { mails, sent, warned, waiting, look };
}

describe('mails about invoices', () => {
  it('tell those who pay the number, the month and the amount', async () => {
    const { sent, look } = world([letter(12, ['a@example.com', 'b@example.com'])]);
    await look();
    expect(sent.map(({ to }) => to)).toEqual(['a@example.com', 'b@example.com']);
    expect(sent[0]?.subject).toBe('Invoice INV-000012 for 2026-11');
    expect(sent[0]?.text).toContain('for 2026-11 is issued: INV-000012, of 2,740.00 USD.');
    expect(sent[0]?.text).toContain('http://console.example/console/billing');
  });

  it('pass over one of which there is nothing to tell any more', async () => {
    const { sent, waiting, look } = world([null, letter(1, ['a@example.com'])]);
    await look();
    expect([sent.length, waiting]).toEqual([1, []]);
  });

  it('leave the end of a month to later looks, and room in the queue to people who wait', async () => {
    const many = Array.from({ length: 20 }, (_, n) => `${n}@example.com`);
    const { sent, warned, waiting, look } = world(Array.from({ length: 30 }, (_, n) => letter(n, many)));
    await look();
    expect([sent.length, waiting.length, warned]).toEqual([200, 20, []]);
    await look();
    expect(waiting.length).toBe(20);
    sent.length = 0;
    await look();
    expect([sent.length, waiting.length]).toEqual([200, 10]);
  });

  it('are none where no mail is sent, also later', async () => {
    const { mails, sent, waiting, look } = world([letter(1, ['a@example.com'])]);
    mails.configured = false;
    await look();
    expect([sent, waiting]).toEqual([[], []]);
  });
});
