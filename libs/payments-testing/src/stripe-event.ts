import { createHmac } from 'node:crypto';

export const STAND_IN_WEBHOOK_SECRET = 'whsec_stand_in_0123456789abcdef0123456789abcdef';

export interface EventWish {
  readonly id: string;
  readonly type: string;
  /** What it is about: `{ object: 'invoice', id: 'in_1' }`. */
  readonly object: Readonly<Record<string, unknown>>;
  /** Seconds since the Unix epoch: of the event, and unless told otherwise of the signature. */
  readonly at: number;
}

/** The body of an event, as Stripe sends it. */
export function eventBody({ id, type, object, at }: EventWish): string {
  const data = { object };
  return JSON.stringify(
    { id, object: 'event', api_version: '2026-10-28.endive', created: at, type, livemode: false, data },
    null,
    2,
  );
}

/** The header `Stripe-Signature`, by its documentation and not by the SDK that reads it. */
export function signatureOf(body: string, atSeconds: number, secret = STAND_IN_WEBHOOK_SECRET): string {
  const mac = createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex');
  return `t=${atSeconds},v1=${mac}`;
}
