import { describe, expect, it } from '@jest/globals';
import {
  eventBody,
  signatureOf,
  STAND_IN_KEY,
  STAND_IN_WEBHOOK_SECRET,
  type EventWish,
} from '@leasehold/payments-testing';

import { StripeCollector } from './stripe-collector.js';

const AT = 1_790_000_000;
const NOW = new Date((AT + 10) * 1_000);
const collector = new StripeCollector({ secretKey: STAND_IN_KEY, webhookSecret: STAND_IN_WEBHOOK_SECRET });

const wishOf = (object: EventWish['object']): EventWish => ({ id: 'evt_1', type: 'invoice.paid', object, at: AT });

function read(text: string, signature: string | undefined, now = NOW) {
  return collector.readEvent(Buffer.from(text), signature, now);
}

describe('an event of Stripe', () => {
  it.each([
    [
      { object: 'invoice', id: 'in_1' },
      { kind: 'bill', reference: 'in_1' },
    ],
    [
      { object: 'invoice_payment', id: 'inpay_1', invoice: 'in_1' },
      { kind: 'bill', reference: 'in_1' },
    ],
    [
      { object: 'credit_note', id: 'cn_1', invoice: 'in_1' },
      { kind: 'bill', reference: 'in_1' },
    ],
    [
      { object: 'checkout.session', id: 'cs_1', customer: 'cus_1' },
      { kind: 'customer', reference: 'cus_1' },
    ],
    [{ object: 'setup_intent', id: 'seti_1', customer: null }, undefined],
    [{ object: 'charge', id: 'ch_1' }, undefined],
    [{}, undefined],
  ])('about %j is one about %j', (object, about) => {
    const body = eventBody(wishOf(object));
    const at = new Date(AT * 1_000);
    expect(read(body, signatureOf(body, AT))).toEqual({ id: 'evt_1', type: 'invoice.paid', at, about });
  });

  const body = eventBody(wishOf({ object: 'invoice', id: 'in_1' }));
  const good = signatureOf(body, AT);

  it('is taken with any of several signatures, as while a secret is being changed', () => {
    expect(read(body, `${good},v1=${'0'.repeat(64)}`).id).toBe('evt_1');
  });

  it('is taken as long as its signature is five minutes old, and no longer', () => {
    expect(read(body, good, new Date((AT + 300) * 1_000)).id).toBe('evt_1');
    expect(() => read(body, good, new Date((AT + 301) * 1_000))).toThrow('signature is too old');
  });

  it.each([
    ['no signature', body, undefined],
    ['an empty one', body, ''],
    ['one of another secret', body, signatureOf(body, AT, 'whsec_other')],
    ['one of another time', body, good.replace(String(AT), String(AT + 1))],
    ['one of another scheme', body, good.replace('v1=', 'v0=')],
    ['another body', body.replace('in_1', 'in_2'), good],
    ['the body written anew', JSON.stringify(JSON.parse(body)), good],
    ['a body that is no JSON', '{', signatureOf('{', AT)],
  ])('is refused with %s', (_what, text, signature) => {
    expect(() => read(text, signature)).toThrow('not signed by the payment provider');
  });
});
