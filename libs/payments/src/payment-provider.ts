import type { Minor } from '@leasehold/billing';

export const PROVIDERS = ['manual', 'stripe'] as const;

/** By what invoices are paid: a collector takes the money; without one it comes outside of the service, and an operator says that it did. */
export type PaymentProvider = PaymentCollector | ByHand;

export interface ByHand {
  readonly name: 'manual';
  readonly collects: false;
}

/** An invoice of ours, as a collector has to know it. */
export interface Bill {
  readonly invoiceId: string;
  /** For people. */
  readonly number: string;
  readonly organizationId: string;
  /** Of the collector. */
  readonly customer: string;
  /** Positive. */
  readonly amount: Minor;
  /** ISO 4217, in capitals. */
  readonly currency: string;
}

/** Of a bill, money that is given back, or need not be paid. */
export interface Credit {
  readonly creditNoteId: string;
  readonly number: string;
  readonly amount: Minor;
}

/** Why no money came, in a word that may be told to the customer; what their bank says beyond it is theirs alone. */
export const PAYMENT_FAILURES = [
  'declined',
  'insufficient-funds',
  'expired-card',
  'authentication-required',
  'no-payment-method',
  'not-chargeable',
] as const;
export type PaymentFailure = (typeof PAYMENT_FAILURES)[number];

/**
 * What has become of a bill at the collector.
 * - `draft`: it charges nothing, and nobody can pay it
 * - `open`: it can be paid; no charge is under way. `failure`: why the latest came to nothing
 * - `processing`: a charge is under way, and may take days
 * - `paid`, `void`: for good
 * - `gone`: the collector knows of none, or of a draft that was thrown away
 */
export type BillState =
  | { readonly state: 'draft' | 'processing' | 'paid' | 'void' | 'gone' }
  | {
      readonly state: 'open';
      readonly failure: PaymentFailure | undefined;
      /** Where the customer can pay it themselves. */
      readonly payUrl: string | undefined;
    };

/** What is charged, as people know it. */
export interface PaymentMethod {
  /** Of the collector; another one for each time that somebody gives one. */
  readonly reference: string;
  /** `card`, `sepa_debit`, in the words of the collector. */
  readonly kind: string;
  readonly brand: string | undefined;
  readonly lastFour: string | undefined;
  readonly expiresMonth: number | undefined;
  readonly expiresYear: number | undefined;
}

export interface NewCustomer {
  readonly organizationId: string;
  readonly name: string;
  readonly email: string;
  /** The reference of one that is gone. */
  readonly inPlaceOf?: string;
}

export interface CheckoutWish {
  readonly customer: string;
  /** ISO 4217, in capitals. */
  readonly currency: string;
  readonly doneUrl: string;
  readonly cancelledUrl: string;
}

/** A page of the collector on which the customer says by what they pay. */
export interface Checkout {
  readonly url: string;
  readonly expiresAt: Date;
}

/** Something happened at the collector. A hint to look, never what is believed: events come twice, late, and in any order. */
export interface ProviderEvent {
  /** Of the collector; the same however often it is sent. */
  readonly id: string;
  readonly type: string;
  readonly at: Date;
  readonly about: { readonly kind: 'bill' | 'customer'; readonly reference: string } | undefined;
}

/**
 * Takes money. Every call may be repeated: it finds what an earlier one left, also where the reply was lost.
 *
 * That an invoice is charged once rests on three things. The reference of its bill is recorded once, and only that bill is charged; a bill that nobody
 * recorded stays a draft, which charges nothing. A bill can be paid once. And a charge whose outcome is unknown is looked after before the next.
 *
 * Calls reject with PaymentProviderError: `unavailable` (nothing was done, or what was done is found again), `unknown` (of `charge`: look), `invalid` (asking
 * again cannot help), `denied` (the secret is wrong), `corrupt` (the bill is not ours, or of another amount: a person has to look).
 */
export interface PaymentCollector {
  readonly name: 'stripe';
  readonly collects: true;

  /** The reference of a customer. Two, when a reply was lost for longer than a day: one of them is never used. */
  createCustomer(customer: NewCustomer): Promise<string>;

  /** A new one each time. Nothing is charged by it. `gone`: the collector knows no such customer: it was deleted there, or made with a key for tests. */
  openCheckout(wish: CheckoutWish): Promise<Checkout | 'gone'>;

  /** What the customer gave last, made what is charged. Undefined: nothing; also where the customer is gone. */
  methodOf(customer: string): Promise<PaymentMethod | undefined>;

  /**
   * The reference of a draft with the amount of the bill: the one that is there, or a new one.
   *
   * @param turn another one after a call that was answered with a failure; the same where nobody knows whether it was
   */
  draft(bill: Bill, turn: number): Promise<string>;

  look(reference: string): Promise<BillState>;

  /**
   * Opens the bill and charges the customer, unless it is paid or void. A refusal is a state, no error.
   *
   * @param turn another one for each call
   */
  charge(bill: Bill, reference: string, turn: number): Promise<BillState>;

  /** Makes sure that nobody pays the bill any more. It may turn out to be paid already, or to be about to be. */
  close(reference: string): Promise<BillState>;

  /** Takes a credit off a bill that is open, or gives the money back where it is paid. Its reference. Opens a draft. */
  credit(bill: Bill, reference: string, credit: Credit): Promise<string>;

  /**
   * Reads an event, if it is one of this collector's, signed lately.
   *
   * @param body the bytes as they came: a body that was parsed and written again has another signature
   * @throws EventRefusedError
   */
  readEvent(body: Uint8Array, signature: string | undefined, now: Date): ProviderEvent;
}
