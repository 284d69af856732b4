import Stripe from 'stripe';

/** From the first byte of a request to the last of its answer, each time that the SDK tries. */
const TIMEOUT_MS = 20_000;
/** By the SDK, under the same idempotency key; what still fails is tried again by whoever called. */
const RETRIES = 2;

export interface StripeSettings {
  /** `sk_…` or `rk_…`. */
  readonly secretKey: string;
  /** `whsec_…`, of the endpoint that events are sent to. */
  readonly webhookSecret: string;
  /** For tests alone: where the API is, without a path. */
  readonly apiBase?: string | undefined;
}

/** Connects to nothing yet. The version of the API is the one that this SDK was made for, whatever the account's is. */
export function openStripe({ secretKey, apiBase }: StripeSettings): Stripe {
  return new Stripe(secretKey, {
    maxNetworkRetries: RETRIES,
    timeout: TIMEOUT_MS,
    telemetry: false,
    appInfo: { name: 'Leasehold' },
    ...(apiBase === undefined ? {} : addressOf(new URL(apiBase))),
  });
}

function addressOf({ protocol, hostname, port }: URL) {
  const isPlain = protocol === 'http:';
  return {
    protocol: isPlain ? ('http' as const) : ('https' as const),
    host: hostname,
    port: port === '' ? (isPlain ? 80 : 443) : Number(port),
  };
}
