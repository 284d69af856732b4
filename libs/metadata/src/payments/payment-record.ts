export const PAYMENT_STATES = ['waiting', 'processing', 'failed', 'paid', 'void'] as const;
export type PaymentState = (typeof PAYMENT_STATES)[number];

/** What a bill at the provider is. `returned`: paid, and all of it goes back; `closed`: nobody can pay it any more. */
export type BillFate = 'open' | 'paid' | 'returned' | 'closed';

/** What is charged, as people know it; in the words of the provider. */
export interface PaymentMethodRecord {
  /** Of the provider; not shown. */
  readonly reference: string;
  readonly kind: string;
  readonly brand?: string | undefined;
  readonly lastFour?: string | undefined;
  readonly expiresMonth?: number | undefined;
  readonly expiresYear?: number | undefined;
}

/** How an invoice is being paid. */
export interface ChargeRecord {
  readonly invoiceId: string;
  readonly state: PaymentState;
  readonly provider: string | null;
  /** Charges that were begun. */
  readonly attempts: number;
  readonly failure: string | null;
  readonly payUrl: string | null;
  readonly nextChargeAt: Date | null;
}

/** The same, with what of the invoice belongs to it. */
export interface PaymentRecord extends ChargeRecord {
  /** Of the invoice. */
  readonly number: bigint;
  readonly currency: string;
  readonly total: bigint;
  readonly credited: bigint;
  readonly paidAt: Date | null;
  /** How, for people. */
  readonly payment: string | null;
}

/** A payment with something to do, ours until its claim runs out. */
export interface ClaimedPayment {
  readonly invoiceId: string;
  readonly organizationId: string;
  readonly claims: number;
  /** From then on others may claim it. */
  readonly until: Date;
  readonly state: PaymentState;
  readonly provider: string | null;
  readonly reference: string | null;
  readonly bill: BillFate;
  readonly attempts: number;
  readonly failure: string | null;
  readonly nextChargeAt: Date | null;
  readonly stepFailures: number;
  readonly invoice: ClaimedInvoice;
  /** What the organization is at the provider that has the bill, or would get it. */
  readonly customer: string | null;
  readonly hasMethod: boolean;
  /** The first credit that waits. */
  readonly credit: WaitingCredit | null;
}

export interface ClaimedInvoice {
  readonly number: bigint;
  readonly state: 'finalized' | 'paid' | 'void';
  readonly currency: string;
  readonly total: bigint;
  readonly credited: bigint;
}

export interface WaitingCredit {
  /** Of {@link returnOf} where it is no credit note of ours. */
  readonly creditNoteId: string;
  readonly number: string;
  readonly amount: bigint;
}

/** A failure that the organization has not been told of by mail. */
export interface UntoldFailure {
  readonly organizationId: string;
  readonly number: bigint;
  readonly failure: string;
  readonly payUrl: string | null;
  readonly nextChargeAt: Date | null;
  /** Addresses that are shown to be their owners', of those who look after money. */
  readonly recipients: readonly string[];
}
