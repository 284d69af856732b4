import { inspect } from 'node:util';

import { systemClock } from '@leasehold/foundation';
import {
  eventBody,
  signatureOf,
  STAND_IN_KEY,
  STAND_IN_WEBHOOK_SECRET,
  StripeStandIn,
  type EventWish,
} from '@leasehold/payments-testing';

import { createLogger } from '@leasehold/service-kit';

import { makeInvoice } from './make-invoice.js';
import { TestMailbox } from './test-mailbox.js';
import { TestService, type Answer, type Tenant } from './test-service.js';

export const PUBLIC_URL = 'http://127.0.0.1:8080';
export const EVENTS = '/v1/payments/stripe/events';
export const CHECKOUT = '/v1/payments/checkout';
/** Of an invoice of this world. */
export const TOTAL = 3_000;
const WAIT_MS = 60_000;
const LOOK_EVERY_MS = 100;

export interface EventFault {
  readonly secret?: string;
  /** Of the event and its signature. */
  readonly atSeconds?: number;
  /** What comes in place of the body that was signed. */
  readonly body?: (body: string) => string;
}

/** The control plane with a stand-in for Stripe, and what people and Stripe do with both. */
export class PaymentWorld {
  private months = 0;
  private events = 0;

  private constructor(
    readonly stripe: StripeStandIn,
    readonly mailbox: TestMailbox,
    readonly service: TestService,
    /** What the service has logged, line by line. */
    readonly logged: readonly string[],
  ) {}

  static async open(): Promise<PaymentWorld> {
    const stripe = await StripeStandIn.start();
    const mailbox = await TestMailbox.open(PUBLIC_URL);
    const logged: string[] = [];
    const logger = createLogger('control-plane', 'trace', { write: (line: string) => void logged.push(line) });
    const settings = {
      ...{ STRIPE_SECRET_KEY: STAND_IN_KEY, STRIPE_WEBHOOK_SECRET: STAND_IN_WEBHOOK_SECRET },
      ...{ STRIPE_API_BASE: stripe.url, PUBLIC_URL, MAILBOX_DIR: mailbox.folder },
    };
    return new PaymentWorld(stripe, mailbox, await TestService.start(settings, logger), logged);
  }

  get prisma() {
    return this.service.metadata.prisma;
  }

  async close(): Promise<void> {
    await this.service.close();
    await this.mailbox.close();
    await this.stripe.close();
  }

  /** An organization whose owner has shown that their address is theirs. */
  async payer(): Promise<Tenant> {
    const tenant = await this.service.signUp();
    await this.prisma.user.update({ where: { email: tenant.email }, data: { emailVerified: true } });
    return tenant;
  }

  /** The same with a payment method, which a person has left on the page of the provider. */
  async payerWithMethod(lastFour = '4242', tenant?: Tenant): Promise<Tenant> {
    const owner = tenant ?? (await this.payer());
    const { status, text } = await this.checkout(owner);
    if (status !== 201) throw new Error(`checkout answered ${status}: ${text}`);
    const customer = (await this.service.metadata.paymentCustomers.find(owner.organizationId))?.reference ?? '';
    this.stripe.ledger.attachMethod(customer, lastFour);
    const object = { object: 'checkout.session', id: `cs_${this.events}`, mode: 'setup', customer };
    await this.send(this.newEvent('checkout.session.completed', object));
    await this.until(
      () => this.payments(owner),
      ({ method }) => (method as { lastFour?: string } | null)?.lastFour === lastFour,
    );
    return owner;
  }

  checkout({ token }: Tenant): Promise<Answer> {
    return this.service.call('POST', CHECKOUT, { token });
  }

  async payments({ token }: Tenant): Promise<Answer['body']> {
    return (await this.service.call('GET', '/v1/payments', { token })).body;
  }

  /** Issues an invoice. @returns its id */
  invoice({ organizationId }: Tenant): Promise<string> {
    return makeInvoice(this.service, organizationId, ++this.months);
  }

  /** As the API tells it. */
  async payment(tenant: Tenant, invoiceId: string): Promise<Record<string, unknown>> {
    const found = (await this.payments(tenant))['payments'] as Record<string, unknown>[];
    return found.find((payment) => payment['invoiceId'] === invoiceId) ?? {};
  }

  row(invoiceId: string) {
    return this.prisma.payment.findUniqueOrThrow({ where: { invoiceId } });
  }

  /** What was charged of an invoice, amount by amount. */
  async charges(invoiceId: string): Promise<readonly number[]> {
    const { reference } = await this.row(invoiceId);
    return this.stripe.ledger.charges.filter(({ invoice }) => invoice === reference).map(({ amount }) => amount);
  }

  async refunds(invoiceId: string): Promise<readonly number[]> {
    const { reference } = await this.row(invoiceId);
    return this.stripe.ledger.refunds.filter(({ invoice }) => invoice === reference).map(({ amount }) => amount);
  }

  inState(tenant: Tenant, invoiceId: string, state: string): Promise<Record<string, unknown>> {
    return this.until(
      () => this.payment(tenant, invoiceId),
      (payment) => payment['state'] === state,
    );
  }

  /** Nothing is left to do with it, or nothing within the next half an hour. */
  atRest(invoiceId: string) {
    const soon = systemClock.now() + 30 * 60_000;
    return this.until(
      () => this.row(invoiceId),
      ({ nextStepAt }) => nextStepAt === null || nextStepAt.getTime() > soon,
    );
  }

  /** A step has failed, and the time that it waits has passed. */
  async passTime(invoiceId: string): Promise<void> {
    await this.until(
      () => this.row(invoiceId),
      ({ stepFailures }) => stepFailures > 0,
    );
    await this.makeDue(invoiceId);
  }

  async makeDue(invoiceId: string): Promise<void> {
    await this.prisma.payment.update({ where: { invoiceId }, data: { nextStepAt: new Date(0) } });
  }

  newEvent(type: string, object: EventWish['object']): Omit<EventWish, 'at'> {
    return { id: `evt_${++this.events}`, type, object };
  }

  /** As Stripe sends it, or with something wrong. */
  send(wish: Omit<EventWish, 'at'>, fault: EventFault = {}): Promise<Answer> {
    const at = fault.atSeconds ?? nowSeconds();
    const body = eventBody({ ...wish, at });
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': signatureOf(body, at, fault.secret),
    };
    return this.service.call('POST', EVENTS, { raw: fault.body?.(body) ?? body, headers });
  }

  async until<T>(look: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
    for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
      const found = await look();
      if (holds(found)) return found;
      if (waitedMs > WAIT_MS) throw new Error(`still ${inspect(found)}`);
      await systemClock.sleep(LOOK_EVERY_MS);
    }
  }
}

export function nowSeconds(): number {
  return Math.floor(systemClock.now() / 1_000);
}
