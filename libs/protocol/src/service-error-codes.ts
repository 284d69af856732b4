import { entry } from './error-code-entry.js';

/** Codes of 500 and above, for the one table of them (`error-codes.ts`): what the service says of itself, and not of what was asked. */
export const SERVICE_ERROR_CODES = {
  // 500
  internal: entry(
    500,
    'internal',
    'Internal error',
    'A bug in Leasehold. For a mutation: it may or may not have been applied. Quote `requestId` when reporting it.',
  ),
  'corrupt-object': entry(
    500,
    'corrupt',
    'Stored bytes are damaged',
    'A checksum does not match. The database is left untouched and an operator is called.',
  ),
  // 501
  'mail-not-configured': entry(
    501,
    'invalid',
    'No mail can be sent',
    'This installation has no mail server, and the request needs one: see `SMTP_URL` in docs/operations/settings.md.',
  ),
  'payments-not-configured': entry(
    501,
    'invalid',
    'No payments are taken here',
    'This installation has no payment provider, invoices are paid outside of it: see `STRIPE_SECRET_KEY` in docs/operations/settings.md.',
  ),
  // 503
  unavailable: entry(
    503,
    'unavailable',
    'Temporarily unavailable',
    'Nothing was applied. Try again after `retryAfterMs`.',
  ),
  overloaded: entry(
    503,
    'unavailable',
    'Overloaded',
    'Too much is waiting already. Nothing was applied; try again after `retryAfterMs`.',
  ),
  'service-draining': entry(
    503,
    'unavailable',
    'The service is shutting down',
    'Nothing was applied. Another instance takes over; try again after `retryAfterMs`.',
  ),
  'owner-unavailable': entry(
    503,
    'unavailable',
    'No worker can serve the database yet',
    'Nothing was applied. The database is moving to another worker; try again after `retryAfterMs`.',
  ),
  'session-expired': entry(
    503,
    'unavailable',
    'The session of the worker has expired',
    'Nothing was applied. Another worker takes the database over; try again after `retryAfterMs`.',
  ),
  'store-unavailable': entry(
    503,
    'unavailable',
    'The object store does not answer',
    'Nothing was applied. Try again after `retryAfterMs`.',
  ),
  'outcome-unknown': entry(
    503,
    'unknown',
    'The outcome is unknown',
    'The write may or may not have been applied, now or a little later. Read before you repeat it, or repeat it under a precondition; with the same `Idempotency-Key` it can be repeated as it is.',
  ),
} as const;
