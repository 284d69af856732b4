import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { invalid, readForm, StripeRefusal, type StripeForm } from './stripe-form.js';
import { StripeLedger } from './stripe-ledger.js';

export const STAND_IN_KEY = 'sk_test_stand_in_1234567890';

/**
 * What goes wrong with a request: `refused` closes the connection before anything is done, `lost` does it and closes the connection without an answer. 429 and
 * 500 are answers after nothing was done; the latter is kept under the idempotency key, and answered for a day.
 */
export type StripeFault = 'refused' | 'lost' | 429 | 500;

export interface StripeRequest {
  /** `POST /v1/invoices/:id/pay`. */
  readonly route: string;
  readonly path: string;
  readonly form: StripeForm;
  readonly idempotencyKey: string | undefined;
  readonly version: string | undefined;
}

interface Kept {
  readonly wish: string;
  readonly status: number;
  readonly body: string;
}

type Work = (ledger: StripeLedger, form: StripeForm, id: string) => object;

const ROUTES: Readonly<Record<string, Work>> = {
  'POST /v1/customers': (ledger, form) => ledger.createCustomer(form),
  'GET /v1/customers/:id': (ledger, _form, id) => ledger.readCustomer(id),
  'POST /v1/customers/:id': (ledger, form, id) => ledger.updateCustomer(id, form),
  'GET /v1/customers/:id/payment_methods': (ledger, query, id) => ledger.listMethods(id, query),
  'POST /v1/checkout/sessions': (ledger, form) => ledger.createCheckout(form),
  'POST /v1/invoices': (ledger, form) => ledger.createInvoice(form),
  'GET /v1/invoices': (ledger, query) => ledger.listInvoices(query),
  'GET /v1/invoices/:id': (ledger, _form, id) => ledger.readInvoice(id),
  'DELETE /v1/invoices/:id': (ledger, _form, id) => ledger.deleteInvoice(id),
  'POST /v1/invoices/:id/finalize': (ledger, form, id) => ledger.finalize(id, form),
  'POST /v1/invoices/:id/pay': (ledger, form, id) => ledger.pay(id, form),
  'POST /v1/invoices/:id/void': (ledger, form, id) => ledger.voidInvoice(id, form),
  'POST /v1/invoiceitems': (ledger, form) => ledger.addItem(form),
  'GET /v1/invoice_payments': (ledger, query) => ledger.listPayments(query),
  'POST /v1/credit_notes': (ledger, form) => ledger.createCreditNote(form),
  'GET /v1/credit_notes': (ledger, query) => ledger.listCreditNotes(query),
};

export const STRIPE_ROUTES: readonly string[] = Object.keys(ROUTES);

/**
 * Stands in for Stripe's API on loopback: checks what comes in (secret, version, media type, every field), keeps answers under their idempotency keys, and fails
 * where it is told to. What it does not know it refuses, so that a request that Stripe would not understand fails here, too.
 */
export class StripeStandIn {
  readonly ledger = new StripeLedger();
  /** All that were understood, the failed ones included. */
  readonly requests: StripeRequest[] = [];
  private readonly kept = new Map<string, Kept>();
  private readonly faults: { readonly route: string; readonly fault: StripeFault; times: number }[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<StripeStandIn> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const standIn = new StripeStandIn(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request, response) => void standIn.answer(request, response));
    return standIn;
  }

  /** The next requests of a route fail so; the SDK tries three times. */
  fail(route: string, fault: StripeFault, times = 3): void {
    if (!(route in ROUTES)) throw new Error(`there is no route ${route}`);
    this.faults.push({ route, fault, times });
  }

  /** Nothing goes wrong any more. */
  heal(): void {
    this.faults.length = 0;
  }

  /** As after a day. */
  forgetKeys(): void {
    this.kept.clear();
  }

  count(route: string): number {
    return this.requests.filter((request) => request.route === route).length;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '', this.url);
    const { route, id } = routeOf(request.method ?? '', url.pathname);
    const fault = this.takeFault(route);
    if (fault === 'refused') return void request.socket.destroy();
    if (typeof fault === 'number') {
      const body = errorBody(failureOf(fault));
      const key = one(request.headers['idempotency-key']);
      const wish = `${url.pathname}?${Buffer.concat(chunks).toString()}`;
      if (fault === 500 && key && !this.kept.has(key)) this.kept.set(key, { wish, status: fault, body });
      return send(response, fault, body);
    }
    const { status, body } = this.work(request, url, route, id, Buffer.concat(chunks).toString());
    if (fault === 'lost') return void request.socket.destroy();
    send(response, status, body);
  }

  private work(request: IncomingMessage, url: URL, route: string, id: string, text: string) {
    try {
      const form = this.read(request, url, text);
      const key = one(request.headers['idempotency-key']);
      const version = one(request.headers['stripe-version']);
      this.requests.push({ route, path: url.pathname, form, idempotencyKey: key, version });
      if (request.method !== 'POST') return this.done(route, form, id);
      if (!key) throw invalid('idempotency_key_missing', 'The stand-in wants a key on every POST.');
      const wish = `${url.pathname}?${text}`;
      const known = this.kept.get(key);
      if (known && known.wish !== wish) {
        throw new StripeRefusal(
          400,
          'idempotency_error',
          undefined,
          'Keys for idempotent requests are for one request.',
        );
      }
      const answer = known ?? { wish, ...this.done(route, form, id) };
      this.kept.set(key, answer);
      return answer;
    } catch (error) {
      if (error instanceof StripeRefusal) return { status: error.status, body: errorBody(error) };
      return { status: 500, body: errorBody(failureOf(500, String(error))) };
    }
  }

  /** Answers are kept also where they are refusals, as Stripe does once it has begun. */
  private done(route: string, form: StripeForm, id: string): { readonly status: number; readonly body: string } {
    const work = ROUTES[route];
    if (!work) throw invalid('url_invalid', `Unrecognized request URL (${route}).`, 404);
    try {
      return { status: 200, body: JSON.stringify(work(this.ledger, form, id)) };
    } catch (error) {
      if (!(error instanceof StripeRefusal)) throw error;
      return { status: error.status, body: errorBody(error) };
    }
  }

  private read(request: IncomingMessage, url: URL, text: string): StripeForm {
    const { headers, method } = request;
    if (headers.authorization !== `Bearer ${STAND_IN_KEY}`) {
      throw new StripeRefusal(401, 'invalid_request_error', undefined, 'Invalid API Key provided: sk_test_****');
    }
    if (!headers['stripe-version']) throw invalid('version_missing', 'The version of the API is not pinned.');
    if (method === 'POST') {
      if (headers['content-type'] !== 'application/x-www-form-urlencoded') throw invalid('media_type', 'Send a form.');
      if (url.search !== '') throw invalid('parameter_unknown', 'A POST has its fields in the body.');
      return readForm(text);
    }
    if (text !== '') throw invalid('parameter_unknown', `A ${method} has no body.`);
    return readForm(url.search);
  }

  private takeFault(route: string): StripeFault | undefined {
    const found = this.faults.find((fault) => fault.route === route && fault.times > 0);
    if (found) found.times -= 1;
    return found?.fault;
  }
}

function routeOf(method: string, path: string): { readonly route: string; readonly id: string } {
  const exact = `${method} ${path}`;
  if (exact in ROUTES) return { route: exact, id: '' };
  const [, api, kind, id = '', ...more] = path.split('/');
  return { route: `${method} /${[api, kind, ':id', ...more].join('/')}`, id };
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join() : header;
}

function failureOf(status: number, message = 'An error on our side.'): StripeRefusal {
  return new StripeRefusal(status, status === 429 ? 'rate_limit_error' : 'api_error', undefined, message);
}

function errorBody({ type, code, message, declineCode }: StripeRefusal): string {
  return JSON.stringify({ error: { type, code, message, decline_code: declineCode } });
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_stand_in' }).end(body);
}
