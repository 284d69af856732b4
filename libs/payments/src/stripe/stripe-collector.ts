import Stripe from 'stripe';

import { EventRefusedError, PaymentProviderError } from '../payment-errors.js';
import type {
  Bill,
  BillState,
  Checkout,
  CheckoutWish,
  Credit,
  NewCustomer,
  PaymentCollector,
  PaymentMethod,
  ProviderEvent,
} from '../payment-provider.js';
import { amountOf, requireOurs, requireSameUnit, wayBack, type KnownBill } from './bill-check.js';
import { billStateOf } from './bill-state.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import { failureOf } from './payment-failure.js';
import { paymentMethodOf } from './payment-method.js';
import { isMissing, isRefusal, providerErrorOf } from './provider-error.js';
import { providerEventOf } from './provider-event.js';
import { openStripe, type StripeSettings } from './stripe-client.js';

/** Of a customer's invoices, and of the credit notes of one, the newest so many are looked at: there is one a month. */
const LOOKED_AT = 100;
/** A signature that is older is no good: whoever has recorded an event cannot send it again later. */
const TOLERANCE_SECONDS = 300;
/** Under which our ids are at Stripe. */
const INVOICE = 'leasehold_invoice';
const ORGANIZATION = 'leasehold_organization';
const CREDIT_NOTE = 'leasehold_credit_note';

/**
 * Stripe by its own SDK. Invoices are made with `auto_advance: false`: Stripe finalizes, charges and reminds by nothing but our requests.
 *
 * Charging by payment intents was rejected: an invoice of Stripe is paid once by itself, can be paid by the customer on a page of Stripe, and takes credit notes.
 */
export class StripeCollector implements PaymentCollector {
  readonly name = 'stripe';
  readonly collects = true;
  private readonly stripe: Stripe;
  private readonly webhookSecret: string;

  constructor(settings: StripeSettings) {
    this.stripe = openStripe(settings);
    this.webhookSecret = settings.webhookSecret;
  }

  async createCustomer({ organizationId, name, email, inPlaceOf }: NewCustomer): Promise<string> {
    const wish = { name, email, metadata: { [ORGANIZATION]: organizationId } };
    const idempotencyKey = idempotencyKeyOf(
      'customer',
      organizationId,
      inPlaceOf === undefined ? wish : { wish, inPlaceOf },
    );
    try {
      return (await asked(this.stripe.customers.create(wish, { idempotencyKey }))).id;
    } catch (error) {
      // Such an answer is kept under the key for a day; a customer too many harms nobody.
      if (!(error instanceof PaymentProviderError) || (error.failure?.status ?? 0) < 500) throw error;
      return (await asked(this.stripe.customers.create(wish))).id;
    }
  }

  async openCheckout({ customer, currency, doneUrl, cancelledUrl }: CheckoutWish): Promise<Checkout | 'gone'> {
    const wish = { mode: 'setup', customer, currency: currency.toLowerCase() } as const;
    const session = await unlessMissing(
      this.stripe.checkout.sessions.create({ ...wish, success_url: doneUrl, cancel_url: cancelledUrl }),
    );
    if (session === undefined) return 'gone';
    if (!session.url)
      throw new PaymentProviderError('corrupt', 'the payment provider has opened a checkout without a page');
    return { url: session.url, expiresAt: new Date(session.expires_at * 1_000) };
  }

  async methodOf(customer: string): Promise<PaymentMethod | undefined> {
    const methods = await unlessMissing(this.stripe.customers.listPaymentMethods(customer, { limit: LOOKED_AT }));
    const [newest] = [...(methods?.data ?? [])].sort((a, b) => b.created - a.created);
    if (newest === undefined) return undefined;
    const known = await asked(this.stripe.customers.retrieve(customer));
    if (known.deleted) return undefined;
    if (known.invoice_settings.default_payment_method !== newest.id) {
      const wish = { invoice_settings: { default_payment_method: newest.id } };
      await asked(this.stripe.customers.update(customer, wish));
    }
    return paymentMethodOf(newest);
  }

  async draft(bill: Bill, turn: number): Promise<string> {
    requireSameUnit(bill.currency);
    const invoice = (await this.find(bill)) ?? (await this.create(bill, turn));
    // A reply may have been lost between the invoice and its line.
    if (invoice.status === 'draft' && invoice.total === 0) await this.fill(bill, invoice.id);
    return invoice.id;
  }

  async look(reference: string): Promise<BillState> {
    try {
      return await this.stateOf(await this.stripe.invoices.retrieve(reference));
    } catch (error) {
      if (isMissing(error)) return { state: 'gone' };
      throw providerErrorOf(error);
    }
  }

  async charge(bill: Bill, reference: string, turn: number): Promise<BillState> {
    const state = await this.stateOf(await this.open(bill, reference));
    // One that is under way, or that nobody is to charge, is not charged beside.
    if (state.state !== 'open' || state.failure === 'not-chargeable') return state;
    try {
      await this.stripe.invoices.pay(reference, {}, { idempotencyKey: idempotencyKeyOf('pay', reference, turn) });
    } catch (error) {
      if (!isRefusal(error)) throw unknownOutcome(providerErrorOf(error));
      // It may be refused because it is paid.
      const now = await this.lookAfterCharge(reference);
      return now.state === 'open' && now.failure === undefined ? { ...now, failure: failureOf(error) } : now;
    }
    return this.lookAfterCharge(reference);
  }

  async close(reference: string): Promise<BillState> {
    const state = await this.look(reference);
    try {
      if (state.state === 'draft') {
        await this.stripe.invoices.del(reference);
        return { state: 'gone' };
      }
      if (state.state !== 'open') return state;
      await this.stripe.invoices.voidInvoice(reference);
      return { state: 'void' };
    } catch (error) {
      if (isRefusal(error)) return this.look(reference);
      throw providerErrorOf(error);
    }
  }

  async credit(bill: Bill, reference: string, { creditNoteId, number, amount }: Credit): Promise<string> {
    // What was paid goes back to whoever paid it: by now the organization may be another customer.
    const invoice = await this.open({ ...bill, customer: undefined }, reference);
    const { data } = await asked(this.stripe.creditNotes.list({ invoice: reference, limit: LOOKED_AT }));
    const known = data.find(({ metadata, status }) => metadata?.[CREDIT_NOTE] === creditNoteId && status !== 'void');
    if (known) return known.id;
    const wish = {
      invoice: reference,
      amount: amountOf(amount),
      ...(invoice.status === 'paid' ? wayBack(invoice, amount) : {}),
      memo: `Leasehold credit note ${number}`,
      metadata: { [CREDIT_NOTE]: creditNoteId },
      email_type: 'none',
    } as const;
    // One key for both ways: a credit that is taken off and given back as well would be two.
    const idempotencyKey = idempotencyKeyOf('credit', creditNoteId);
    return (await asked(this.stripe.creditNotes.create(wish, { idempotencyKey }))).id;
  }

  readEvent(body: Uint8Array, signature: string | undefined, now: Date): ProviderEvent {
    if (signature === undefined) throw new EventRefusedError();
    const { webhooks } = this.stripe;
    let event: Stripe.Event;
    try {
      const at = now.getTime();
      event = webhooks.constructEvent(body, signature, this.webhookSecret, TOLERANCE_SECONDS, undefined, at);
    } catch {
      // Also what is signed and no JSON: the provider signs none.
      throw new EventRefusedError();
    }
    return providerEventOf(event);
  }

  private async find({ invoiceId, customer }: Bill): Promise<Stripe.Invoice | undefined> {
    const { data } = await asked(this.stripe.invoices.list({ customer, limit: LOOKED_AT }));
    return data.find(({ metadata, status }) => metadata?.[INVOICE] === invoiceId && status !== 'void');
  }

  private async create(bill: Bill, turn: number): Promise<Stripe.Invoice> {
    const { invoiceId, number, organizationId, customer, currency } = bill;
    const wish = {
      customer,
      currency: currency.toLowerCase(),
      collection_method: 'charge_automatically',
      auto_advance: false,
      pending_invoice_items_behavior: 'exclude',
      description: `Leasehold invoice ${number}`,
      metadata: { [INVOICE]: invoiceId, [ORGANIZATION]: organizationId },
    } as const;
    const idempotencyKey = idempotencyKeyOf('invoice', invoiceId, { turn, wish });
    return asked(this.stripe.invoices.create(wish, { idempotencyKey }));
  }

  /** One line: what it is made of stands in our invoice. */
  private async fill({ number, customer, amount, currency }: Bill, reference: string): Promise<void> {
    const wish = {
      customer,
      invoice: reference,
      amount: amountOf(amount),
      currency: currency.toLowerCase(),
      description: `Leasehold invoice ${number}`,
    };
    await asked(this.stripe.invoiceItems.create(wish, { idempotencyKey: idempotencyKeyOf('line', reference) }));
  }

  /** @throws PaymentProviderError corrupt when it is not the bill, to the cent */
  private async open(bill: KnownBill, reference: string): Promise<Stripe.Invoice> {
    const invoice = await asked(this.stripe.invoices.retrieve(reference));
    requireOurs(bill, invoice, INVOICE);
    if (invoice.status !== 'draft') return invoice;
    return asked(this.stripe.invoices.finalizeInvoice(reference, { auto_advance: false }));
  }

  private async stateOf(invoice: Stripe.Invoice): Promise<BillState> {
    if (invoice.status !== 'open') return billStateOf(invoice, []);
    const expand = ['data.payment.payment_intent'];
    const { data } = await asked(this.stripe.invoicePayments.list({ invoice: invoice.id, limit: LOOKED_AT, expand }));
    return billStateOf(invoice, data);
  }

  private async lookAfterCharge(reference: string): Promise<BillState> {
    try {
      return await this.look(reference);
    } catch (error) {
      throw unknownOutcome(error);
    }
  }
}

async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw providerErrorOf(error);
  }
}

/** Undefined: what was named is not there. */
async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw providerErrorOf(error);
  }
}

/** Once a charge was asked for, not hearing of it is not knowing of it. */
function unknownOutcome(error: unknown): unknown {
  if (!(error instanceof PaymentProviderError) || error.kind !== 'unavailable') return error;
  return new PaymentProviderError('unknown', 'whether the payment provider has charged is unknown', error.failure);
}
