import type { BudgetAlertRecord, InvoiceLetter } from '@leasehold/metadata';

import { invoiceNumber } from '../invoices/invoice-view.js';
import { formatAmount } from '../invoices/quantity-text.js';

import type { Mail } from './mail.js';

/** How long the link in each letter works. */
export const VERIFICATION_SECONDS = 24 * 60 * 60;
export const RESET_SECONDS = 60 * 60;
export const INVITATION_SECONDS = 7 * 24 * 60 * 60;

/** What of a failed payment its letter tells. */
export interface FailedPayment {
  /** Of the invoice. */
  readonly number: string;
  readonly failure: string;
  /** Null: it cannot be paid by hand. */
  readonly payUrl: string | null;
  /** Null: we do not try again by ourselves. */
  readonly nextChargeAt: Date | null;
}

const REASONS: Readonly<Record<string, string | undefined>> = {
  declined: 'the bank has declined it',
  'insufficient-funds': 'the account does not have enough money',
  'expired-card': 'the card has expired',
  'authentication-required': 'the bank wants you to confirm it',
  'no-payment-method': 'we have no payment method of yours',
  'not-chargeable': 'it cannot be charged; we are looking into it',
};

/**
 * The words of our mails. What a link carries stands behind `#`: browsers send that to no server, so that it gets into no log.
 * Names that people chose do not come into mails to strangers: they would be somebody's advertisement under our name.
 */
export class Letters {
  /** @param publicUrl where browsers reach us; never taken from a request, which could name another place */
  constructor(private readonly publicUrl: string) {}

  verification(to: string, token: string): Mail {
    return {
      to,
      subject: 'Confirm your e-mail address',
      text: lines(
        'Welcome to Leasehold.',
        `Confirm that this is your address, within 24 hours:`,
        this.link('verify-email', token),
        'If you have not signed up, do nothing: the address stays unconfirmed.',
      ),
    };
  }

  passwordReset(to: string, token: string): Mail {
    return {
      to,
      subject: 'Choose a new password',
      text: lines(
        'Somebody, you we hope, wants a new password for the Leasehold account of this address.',
        'Choose it within an hour, and once:',
        this.link('reset-password', token),
        'If it was not you, do nothing: the old password stays.',
      ),
    };
  }

  /** @param inviter whose address we know to be theirs */
  invitation(to: string, inviter: string, token: string): Mail {
    return {
      to,
      subject: 'You are invited to Leasehold',
      text: lines(
        `The person with the address ${inviter} invites you to their organization at Leasehold.`,
        'Accept or decline within seven days:',
        this.link('invitation', token),
        'If you do not know them, do nothing.',
      ),
    };
  }

  /** An invoice of something was issued. How it is paid stands where the link leads. */
  invoiceIssued(to: string, { number, periodFrom, currency, total }: Omit<InvoiceLetter, 'recipients'>): Mail {
    const [name, month] = [invoiceNumber(number), periodFrom.toISOString().slice(0, 7)];
    return {
      to,
      subject: `Invoice ${name} for ${month}`,
      text: lines(
        `The invoice of your organization at Leasehold for ${month} is issued: ${name}, of ${formatAmount(Number(total), currency)}.`,
        'What it bills, where that comes from and how it is paid:',
        new URL('/console/billing', this.publicUrl).href,
      ),
    };
  }

  paymentFailed(to: string, { number, failure, payUrl, nextChargeAt }: FailedPayment): Mail {
    const next =
      nextChargeAt === null
        ? 'We do not try again by ourselves: leave another payment method, and we do at once:'
        : `We try again on ${nextChargeAt.toISOString().slice(0, 10)} (UTC), and at once when you leave another payment method:`;
    const byHand = payUrl === null ? [] : ['You can also pay this invoice yourself:', payUrl];
    return {
      to,
      subject: `Invoice ${number} could not be paid`,
      text: lines(
        `The payment of invoice ${number} of your organization at Leasehold came to nothing: ${REASONS[failure] ?? REASONS['declined']}.`,
        next,
        new URL('/console/billing', this.publicUrl).href,
        ...byHand,
      ),
    };
  }

  /** So much of a budget is used. */
  budgetAlert(to: string, alert: BudgetAlertRecord): Mail {
    const { scope, subjectName, subjectId, percent, month, hardStop, currency, amount } = alert;
    const whose = {
      organization: 'your organization',
      database: `the database ${subjectName ?? subjectId}`,
      key: `the API key ${subjectName ?? subjectId}`,
    }[scope];
    const sum = currency === null ? `${amount} units` : `${amount} of the smallest unit of ${currency}`;
    const isOver = hardStop && percent >= 100;
    const stop = isOver
      ? 'Nothing more is written until the budget is raised or the month is over. Reads and deletes go on slowly, and cost nothing.'
      : hardStop
        ? 'Once it is used up, nothing more is written.'
        : 'Nothing stops: the budget only tells.';
    return {
      to,
      subject: `${percent} % of a budget is used`,
      text: lines(
        `In ${Math.floor(month / 100)}-${String(month % 100).padStart(2, '0')} ${whose} at Leasehold has used ${percent} % of its budget of ${sum}, or more.`,
        stop,
        new URL('/console/billing', this.publicUrl).href,
      ),
    };
  }

  private link(page: string, token: string): string {
    const url = new URL(`/console/${page}`, this.publicUrl);
    url.hash = token;
    return url.href;
  }
}

function lines(...paragraphs: readonly string[]): string {
  return `${paragraphs.join('\n\n')}\n`;
}
