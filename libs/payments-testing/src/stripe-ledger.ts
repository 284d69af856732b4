import { checkForm, invalid, metadataOf, missing, StripeRefusal, type StripeForm } from './stripe-form.js';

/** How the bank of a customer answers a charge. */
export type BankAnswer = 'paid' | 'processing' | 'declined' | 'insufficient_funds' | 'authentication_required';

interface Customer {
  readonly id: string;
  readonly email: string;
  readonly metadata: Readonly<Record<string, string>>;
  defaultMethod: string | null;
  /** What is owed beside invoices; below zero: what the customer has good. */
  balance: number;
  readonly methods: { readonly id: string; readonly created: number; readonly lastFour: string }[];
}

interface Invoice {
  readonly id: string;
  readonly customer: string;
  readonly currency: string;
  readonly created: number;
  readonly metadata: Readonly<Record<string, string>>;
  status: 'draft' | 'open' | 'paid' | 'void';
  total: number;
  /** Of the balance of the customer, charged with it. */
  carried: number;
  paid: number;
  /** By credit notes before and after it was paid. */
  credited: number;
  creditedAfter: number;
  intent: { status: string; error: { code: string; decline_code?: string } | null } | undefined;
}

interface CreditNote {
  readonly id: string;
  readonly invoice: string;
  readonly amount: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** No bank takes less, in cents. */
const MINIMUM = 50;
const ANY = /^[^]{1,500}$/;
const AMOUNT = /^[1-9][0-9]{0,7}$/;
const CURRENCY = /^[a-z]{3}$/;
const LIMIT = /^([1-9][0-9]?|100)$/;
const ADDRESS = /^https?:\/\/[^ ]+$/;

/**
 * What Stripe keeps, and how it changes: customers, setup checkouts, invoices with their payments, credit notes. Refuses what Stripe refuses, as far as it is
 * documented, and counts the money that moved.
 */
export class StripeLedger {
  readonly customers = new Map<string, Customer>();
  readonly invoices = new Map<string, Invoice>();
  readonly creditNotes: CreditNote[] = [];
  /** Money that was taken from customers, and given back. */
  readonly charges: { readonly invoice: string; readonly amount: number }[] = [];
  readonly refunds: { readonly invoice: string; readonly amount: number }[] = [];
  bank: BankAnswer = 'paid';
  private count = 0;

  createCustomer(form: StripeForm): object {
    checkForm(form, { '!name': ANY, '!email': /^[^@ ]+@[^@ ]+$/, 'metadata[]': ANY });
    const [id, email] = [this.id('cus'), form.get('email') ?? ''];
    this.customers.set(id, { id, email, metadata: metadataOf(form), defaultMethod: null, balance: 0, methods: [] });
    return this.readCustomer(id);
  }

  readCustomer(id: string): object {
    const { email, metadata, defaultMethod } = this.customer(id);
    const invoiceSettings = { default_payment_method: defaultMethod };
    return { id, object: 'customer', email, metadata, invoice_settings: invoiceSettings };
  }

  updateCustomer(id: string, form: StripeForm): object {
    checkForm(form, { '!invoice_settings[default_payment_method]': /^pm_/ });
    const customer = this.customer(id);
    const method = form.get('invoice_settings[default_payment_method]') ?? '';
    if (!customer.methods.some((known) => known.id === method)) throw missing(`payment_method: ${method}`);
    customer.defaultMethod = method;
    return this.readCustomer(id);
  }

  /** What happens when the customer fills in the page of a checkout. */
  attachMethod(customer: string, lastFour: string): void {
    const created = ++this.count;
    this.customer(customer).methods.push({ id: this.id('pm'), created, lastFour });
  }

  listMethods(customer: string, query: StripeForm): object {
    checkForm(query, { limit: LIMIT });
    return list(this.customer(customer).methods, ({ id, created, lastFour }) => {
      const card = { brand: 'visa', last4: lastFour, exp_month: 12, exp_year: 2030 };
      return { id, object: 'payment_method', type: 'card', created, customer, card };
    });
  }

  createCheckout(form: StripeForm): object {
    const fields = { '!mode': /^setup$/, '!customer': /^cus_/, '!currency': CURRENCY };
    checkForm(form, { ...fields, '!success_url': ADDRESS, '!cancel_url': ADDRESS });
    const { id: customer } = this.customer(form.get('customer') ?? '');
    const id = this.id('cs');
    const url = `https://checkout.stripe.example/${id}`;
    return { id, object: 'checkout.session', mode: 'setup', customer, url, expires_at: 1_900_000_000 };
  }

  createInvoice(form: StripeForm): object {
    checkForm(form, {
      '!customer': /^cus_/,
      '!currency': CURRENCY,
      '!collection_method': /^charge_automatically$/,
      // Left out, Stripe would charge by itself within the hour.
      '!auto_advance': /^false$/,
      '!pending_invoice_items_behavior': /^exclude$/,
      description: ANY,
      'metadata[]': ANY,
    });
    const { id: customer } = this.customer(form.get('customer') ?? '');
    const id = this.id('in');
    const [metadata, currency] = [metadataOf(form), form.get('currency') ?? ''];
    const money = { total: 0, carried: 0, paid: 0, credited: 0, creditedAfter: 0, intent: undefined };
    this.invoices.set(id, { id, customer, currency, created: ++this.count, metadata, status: 'draft', ...money });
    return this.readInvoice(id);
  }

  addItem(form: StripeForm): object {
    const fields = { '!customer': /^cus_/, '!invoice': /^in_/, '!amount': AMOUNT, '!currency': CURRENCY };
    checkForm(form, { ...fields, description: ANY });
    const invoice = this.invoice(form.get('invoice') ?? '');
    if (invoice.status !== 'draft') throw invalid('invoice_not_editable', 'The invoice is not a draft.');
    if (invoice.customer !== form.get('customer'))
      throw invalid('parameter_invalid', 'The invoice has another customer.');
    if (invoice.currency !== form.get('currency')) throw invalid('parameter_invalid', 'The currency is another.');
    invoice.total += Number(form.get('amount'));
    return { id: this.id('ii'), object: 'invoiceitem', invoice: invoice.id };
  }

  readInvoice(id: string): object {
    const { status, customer, currency, created, metadata, total, carried, paid, credited, creditedAfter } =
      this.invoice(id);
    const due = Math.max(0, total + carried - credited);
    const remaining = status === 'paid' ? 0 : due;
    const url = status === 'draft' ? null : `https://invoice.stripe.example/${id}`;
    const after = { amount_paid: paid, post_payment_credit_notes_amount: creditedAfter };
    const money = { currency, total, amount_due: due, amount_remaining: remaining, ...after };
    return { id, object: 'invoice', status, customer, created, metadata, ...money, hosted_invoice_url: url };
  }

  listInvoices(query: StripeForm): object {
    checkForm(query, { '!customer': /^cus_/, limit: LIMIT });
    const found = [...this.invoices.values()].filter(({ customer }) => customer === query.get('customer'));
    return list(found.reverse(), ({ id }) => this.readInvoice(id));
  }

  finalize(id: string, form: StripeForm): object {
    checkForm(form, { '!auto_advance': /^false$/ });
    const invoice = this.invoice(id);
    if (invoice.status !== 'draft') throw invalid('invoice_not_editable', 'The invoice is already finalized.');
    if (invoice.total === 0) throw invalid('invoice_no_customer_line_items', 'Nothing to invoice.');
    const customer = this.customer(invoice.customer);
    invoice.carried = customer.balance;
    const due = invoice.total + customer.balance;
    // Too little to be charged, or nothing: it goes on to the next invoice.
    customer.balance = due < MINIMUM ? due : 0;
    if (due < MINIMUM) {
      invoice.status = 'paid';
      return this.readInvoice(id);
    }
    invoice.status = 'open';
    invoice.intent = { status: 'requires_payment_method', error: null };
    return this.readInvoice(id);
  }

  pay(id: string, form: StripeForm): object {
    checkForm(form, {});
    const invoice = this.invoice(id);
    if (invoice.status === 'paid') throw invalid('invoice_already_paid', 'Invoice is already paid');
    if (invoice.status !== 'open') throw invalid('invoice_not_editable', 'The invoice is not open.');
    if (this.customer(invoice.customer).defaultMethod === null)
      throw invalid('missing', 'There is no default_payment_method set.');
    return this.charge(invoice);
  }

  /** As by a bank that took days, or a customer on the page of the invoice. */
  settle(id: string): void {
    const invoice = this.invoice(id);
    if (invoice.status !== 'open') throw new Error('only an open invoice is paid');
    const amount = invoice.total + invoice.carried - invoice.credited;
    this.charges.push({ invoice: id, amount });
    invoice.paid = amount;
    invoice.status = 'paid';
    invoice.intent = { status: 'succeeded', error: null };
  }

  voidInvoice(id: string, form: StripeForm): object {
    checkForm(form, {});
    const invoice = this.invoice(id);
    if (invoice.status !== 'open') throw invalid('invoice_not_editable', 'Only open invoices are voided.');
    if (invoice.intent?.status === 'processing')
      throw invalid('invoice_payment_processing', 'A payment is processing.');
    invoice.status = 'void';
    return this.readInvoice(id);
  }

  deleteInvoice(id: string): object {
    if (this.invoice(id).status !== 'draft') throw invalid('invoice_not_editable', 'Only drafts are deleted.');
    this.invoices.delete(id);
    return { id, object: 'invoice', deleted: true };
  }

  listPayments(query: StripeForm): object {
    checkForm(query, { '!invoice': /^in_/, limit: LIMIT, 'expand[]': /^data\.payment\.payment_intent$/ });
    const { id, intent } = this.invoice(query.get('invoice') ?? '');
    return list(intent ? [intent] : [], ({ status, error }) => {
      const shown = { id: `pi_of_${id}`, object: 'payment_intent', created: 1, status, last_payment_error: error };
      return {
        id: `inpay_of_${id}`,
        object: 'invoice_payment',
        payment: { type: 'payment_intent', payment_intent: shown },
      };
    });
  }

  createCreditNote(form: StripeForm): object {
    const fields = { '!invoice': /^in_/, '!amount': AMOUNT, '!email_type': /^none$/, memo: ANY, 'metadata[]': ANY };
    checkForm(form, { ...fields, refund_amount: AMOUNT, credit_amount: AMOUNT });
    const invoice = this.invoice(form.get('invoice') ?? '');
    const amount = Number(form.get('amount'));
    const refund = Number(form.get('refund_amount') ?? 0);
    const balance = Number(form.get('credit_amount') ?? 0);
    if (invoice.status !== 'open' && invoice.status !== 'paid')
      throw invalid('invoice_not_editable', 'The invoice has to be open or paid.');
    if (invoice.credited + invoice.creditedAfter + amount > invoice.total) {
      throw invalid('amount_too_large', 'More than what is left.');
    }
    if (refund + balance !== (invoice.status === 'paid' ? amount : 0)) {
      throw invalid('parameter_invalid', 'Of a paid invoice all of it has to go somewhere, of an open one nothing.');
    }
    const refunded = this.refunds.filter((one) => one.invoice === invoice.id).reduce((sum, one) => sum + one.amount, 0);
    if (refund > invoice.paid - refunded) throw invalid('amount_too_large', 'More than what was paid.');
    if (refund > 0) this.refunds.push({ invoice: invoice.id, amount: refund });
    this.customer(invoice.customer).balance -= balance;
    if (invoice.status === 'paid') invoice.creditedAfter += amount;
    else invoice.credited += amount;
    if (invoice.status === 'open' && invoice.credited >= invoice.total + invoice.carried) invoice.status = 'paid';
    const note = { id: this.id('cn'), invoice: invoice.id, amount, metadata: metadataOf(form) };
    this.creditNotes.push(note);
    return { ...note, object: 'credit_note', status: 'issued' };
  }

  listCreditNotes(query: StripeForm): object {
    checkForm(query, { '!invoice': /^in_/, limit: LIMIT });
    const found = this.creditNotes.filter(({ invoice }) => invoice === query.get('invoice'));
    return list(found.reverse(), (note) => ({ ...note, object: 'credit_note', status: 'issued' }));
  }

  private charge(invoice: Invoice): object {
    if (this.bank === 'paid') {
      this.settle(invoice.id);
      return this.readInvoice(invoice.id);
    }
    if (this.bank === 'processing') {
      invoice.intent = { status: 'processing', error: null };
      return this.readInvoice(invoice.id);
    }
    if (this.bank === 'authentication_required') {
      invoice.intent = { status: 'requires_action', error: null };
      throw new StripeRefusal(402, 'card_error', 'invoice_payment_intent_requires_action', 'The bank asks for more.');
    }
    const declineCode = this.bank === 'declined' ? 'generic_decline' : this.bank;
    invoice.intent = { status: 'requires_payment_method', error: { code: 'card_declined', decline_code: declineCode } };
    throw new StripeRefusal(402, 'card_error', 'card_declined', 'Your card was declined.', declineCode);
  }

  private customer(id: string): Customer {
    const found = this.customers.get(id);
    if (!found) throw missing(`customer: ${id}`);
    return found;
  }

  private invoice(id: string): Invoice {
    const found = this.invoices.get(id);
    if (!found) throw missing(`invoice: ${id}`);
    return found;
  }

  private id(kind: string): string {
    return `${kind}_${++this.count}`;
  }
}

function list<T>(items: readonly T[], shown: (item: T) => object): object {
  return { object: 'list', has_more: false, data: items.map(shown) };
}
