import type { Metadata } from '@leasehold/metadata';
import type { Logger } from '@leasehold/service-kit';

import type { Letters } from '../mail/letters.js';
import type { MailQueue } from '../mail/mail-queue.js';

/** Between two looks for invoices of which nobody was told. */
export const INVOICE_MAILS_INTERVAL_MS = 2_000;
/** Invoices of one look. At the end of a month there are many at once; a mail server gets some hundred a minute of each instance. */
const LETTERS_AT_ONCE = 20;
/** With as many mails waiting nobody takes another letter: the others of the queue are for people who wait. */
const MAX_MAILS_WAITING = 200;

export interface InvoiceMailsParts {
  readonly metadata: Pick<Metadata, 'invoiceLetters'>;
  readonly mails: Pick<MailQueue, 'configured' | 'post' | 'size'>;
  readonly letters: Pick<Letters, 'invoiceIssued'>;
  readonly logger: Logger;
}

/**
 * Tells by mail of invoices that were issued, each once: what a process had taken and not sent when it died is not sent. Without a mail server nobody is told, also later. Never throws; what was not
 * taken now is taken the next time, here or by another instance.
 */
export async function mailInvoices({ metadata, mails, letters, logger }: InvoiceMailsParts): Promise<'again'> {
  try {
    for (let taken = 0; taken < LETTERS_AT_ONCE && mails.size < MAX_MAILS_WAITING; taken++) {
      const letter = await metadata.invoiceLetters.take();
      if (letter === undefined) break;
      if (letter === null || !mails.configured) continue;
      for (const to of letter.recipients) {
        try {
          mails.post(letters.invoiceIssued(to, letter));
        } catch (error) {
          logger.warn({ err: error, invoiceId: letter.invoiceId }, 'a mail about an invoice is not sent');
        }
      }
    }
  } catch (error) {
    logger.warn({ err: error }, 'nobody is told of invoices this time');
  }
  return 'again';
}
