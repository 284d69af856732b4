import { entry, type ErrorCodeEntry } from './error-code-entry.js';
import { SERVICE_ERROR_CODES } from './service-error-codes.js';

/**
 * Every code that any public or internal route answers, in one table; those of 500 and above are in `service-error-codes.ts`. Codes are stable: clients branch on them.
 * docs/errors.md is generated from here (`node tools/errors-doc.mjs`); a test fails when it is stale.
 */
const TABLE = {
  // 400
  'invalid-request': entry(
    400,
    'invalid',
    'The request is malformed',
    'It cannot be parsed as HTTP, or its target is not a valid URL. `detail` says what is wrong.',
  ),
  'invalid-body': entry(
    400,
    'invalid',
    'The body is not valid',
    'It is not valid JSON, or not of the documented shape. `errors`, when present, names each wrong member.',
  ),
  'invalid-link': entry(
    400,
    'invalid',
    'The link is not valid',
    'The token of a mail is damaged, has expired, or was used already. Ask for a new mail.',
  ),
  'invalid-parameter': entry(
    400,
    'invalid',
    'A query parameter is not valid',
    'Unknown, given twice, badly encoded, not supported on this route, or outside its allowed values.',
  ),
  'invalid-database-name': entry(
    400,
    'invalid',
    'The database name is not valid',
    'Names have 1 to 63 characters of a-z, 0-9, `-` and `_`, and begin with a letter or a digit.',
  ),
  'invalid-key': entry(
    400,
    'invalid',
    'The key is not valid',
    'Keys have at least one byte; in the path they are percent-encoded, after `keys64/` unpadded base64url.',
  ),
  'key-too-long': entry(
    400,
    'invalid',
    'The key is too long',
    'Keys have at most 2,048 bytes, counted after decoding.',
  ),
  'invalid-signature': entry(
    400,
    'invalid',
    'The signature is not valid',
    'The event is not signed by the payment provider, not for this endpoint, or longer than five minutes ago. Nothing was changed.',
  ),
  'invalid-precondition': entry(
    400,
    'invalid',
    'The conditional headers are not valid',
    'Give one of `If-Match` and `If-None-Match`, with `*` or one strong entity tag as answered in `ETag`.',
  ),
  'invalid-cursor': entry(
    400,
    'invalid',
    'The cursor is not valid',
    'Cursors are opaque and belong to the `prefix`, `start`, `end` and `reverse` that they were answered for, and to the version where `at` was given. Start the listing again.',
  ),
  'invalid-limit': entry(400, 'invalid', 'The limit is not valid', '`limit` is a whole number from 1 to 1000.'),
  'invalid-encoding': entry(
    400,
    'invalid',
    'The entries cannot be shown in this encoding',
    'A key or value on this page is not UTF-8 (or, for `encoding=json`, not JSON). Ask for `encoding=base64`.',
  ),
  'invalid-range': entry(
    400,
    'invalid',
    'The range is not valid',
    'The bounds of a range are keys: at most 2,048 bytes each.',
  ),
  'invalid-expiry': entry(
    400,
    'invalid',
    'The expiry is not valid',
    '`Leasehold-TTL` and `ttlSeconds` are whole numbers of seconds from 1 to 315,360,000 (ten years); `expiresAt` is a time of RFC 3339 from 1970 on.',
  ),
  'invalid-version': entry(
    400,
    'invalid',
    'There is no such version yet',
    'The version, or the time, that the request names lies after the last commit of the database.',
  ),
  'invalid-idempotency-key': entry(
    400,
    'invalid',
    'The idempotency key is not valid',
    '`Idempotency-Key` has 1 to 255 visible ASCII characters and is given once.',
  ),
  'too-many-operations': entry(
    400,
    'invalid',
    'The request has too many parts',
    'A transaction has at most 1,000 checks and operations, a snapshot read at most 1,000 gets and 100 lists.',
  ),
  'unsupported-header': entry(
    400,
    'invalid',
    'A request header is not supported',
    'Answered instead of ignoring a header that changes the meaning of the request. `detail` names it.',
  ),
  // 401 … 403
  unauthenticated: entry(
    401,
    'denied',
    'Authentication is required',
    'Send `Authorization: Bearer <api key or token>` to the gateway, or a session to the control plane.',
  ),
  'invalid-api-key': entry(401, 'denied', 'The API key is not valid', 'Malformed, unknown, expired or revoked.'),
  'invalid-token': entry(
    401,
    'denied',
    'The token is not valid',
    'A short-lived token that is malformed, not signed by this installation, or has ended; or the API key that made it was revoked or has expired. Get another one.',
  ),
  'invalid-credentials': entry(
    401,
    'denied',
    'The credentials are not valid',
    'E-mail or password is wrong, or the session has ended.',
  ),
  'second-factor-required': entry(
    401,
    'denied',
    'A second factor is required',
    'The password is right. Send `challenge`, which lasts five minutes, with a code to `POST /v1/login/second-factor`.',
  ),
  'budget-exceeded': entry(
    402,
    'quota',
    'A budget is used up',
    'The organization has set a budget with a hard stop for itself, the database or the API key (`budget` says which), and it is used up for this month. Nothing was applied. Reads and deletes still work, at a small rate and for nothing. Trying again helps once the budget is raised, or after `resetsAt`.',
  ),
  forbidden: entry(403, 'denied', 'This is not allowed', 'The caller is known, and may not do this.'),
  'insufficient-scope': entry(
    403,
    'denied',
    'The API key lacks a scope',
    '`requiredScope` names the scope that the route needs.',
  ),
  'tenant-suspended': entry(
    403,
    'denied',
    'The tenant is suspended',
    'Operators of the service have suspended the tenant. Its data is kept; every request is refused until it is resumed. Ask the operator.',
  ),
  'outside-key-prefix': entry(
    403,
    'denied',
    'It lies outside the key prefix',
    'The caller is confined to keys that begin with a prefix, and the request names others, or all of them. `detail` says where.',
  ),
  'origin-not-allowed': entry(
    403,
    'denied',
    'The origin is not allowed',
    'A page of this origin may not call the databases of the tenant from a browser. The tenant lists its origins at the control plane: `PUT /v1/cors`.',
  ),
  // 404, 405
  'route-not-found': entry(404, 'not-found', 'There is no such route', 'No route has this path.'),
  'not-found': entry(404, 'not-found', 'There is no such resource', 'It does not exist, or belongs to somebody else.'),
  'database-not-found': entry(
    404,
    'not-found',
    'There is no such database',
    'No database of this name belongs to the tenant of the key. Databases of other tenants answer the same.',
  ),
  'key-not-found': entry(404, 'not-found', 'There is no such key', 'The database holds no value at this key.'),
  'api-key-not-found': entry(
    404,
    'not-found',
    'There is no such API key',
    'No API key of this id belongs to the organization.',
  ),
  'method-not-allowed': entry(
    405,
    'invalid',
    'The method is not allowed here',
    'The path exists; the `Allow` header lists its methods.',
  ),
  'not-acceptable': entry(
    406,
    'invalid',
    'The media type that is asked for is not served',
    'The change feed is served as `text/event-stream` alone: send `Accept: text/event-stream`, or none.',
  ),
  // 408 … 431
  'request-timeout': entry(
    408,
    'invalid',
    'The request took too long to arrive',
    'Head and body must arrive within the stated time.',
  ),
  conflict: entry(
    409,
    'conflict',
    'It conflicts with the present state',
    'Somebody else changed it. Read again and decide anew.',
  ),
  'database-exists': entry(
    409,
    'conflict',
    'A database of this name exists',
    'Names are unique within an organization.',
  ),
  'database-protected': entry(
    409,
    'conflict',
    'The database is protected from deletion',
    'Nothing was changed. Take `deleteProtection` from it first.',
  ),
  'last-owner': entry(
    409,
    'conflict',
    'The organization would have no owner',
    'Nothing was changed. Make another member an owner first.',
  ),
  'job-not-cancellable': entry(
    409,
    'conflict',
    'The job cannot be cancelled any more',
    'It is about to publish what it did, or is of a kind that ends by itself. Nothing was changed.',
  ),
  'email-taken': entry(409, 'conflict', 'An account with this e-mail exists', 'Log in instead.'),
  'database-full': entry(
    409,
    'quota',
    'The database is full',
    'Its data has reached the size limit of the database. Nothing was applied. Reads and deletes still work; what they free counts after the next compaction.',
  ),
  'history-gone': entry(
    410,
    'invalid',
    'The history is no longer kept',
    'The version or time that the request names lies before what the database still remembers. Read the present state and go on from there.',
  ),
  'precondition-failed': entry(
    412,
    'conflict',
    'The precondition failed',
    'Nothing was written. `version` is the present version, or null when the key does not exist; `failedCheck`, of a transaction, is the position of the check.',
  ),
  'body-too-large': entry(413, 'invalid', 'The body is too large', 'It exceeds the limit of the route.'),
  'value-too-large': entry(413, 'invalid', 'The value is too large', 'Values have at most 524,288 bytes.'),
  'transaction-too-large': entry(
    413,
    'invalid',
    'The transaction is too large',
    'Keys and values of a transaction have at most 4 MiB together, its JSON 6 MiB.',
  ),
  'answer-too-large': entry(
    413,
    'invalid',
    'The answer would be too large',
    'The values of one snapshot read have at most 16 MiB together, its JSON 48 MiB. Ask for fewer keys at once, or for `encoding=base64`.',
  ),
  'uri-too-long': entry(
    414,
    'invalid',
    'The URL is too long',
    'A part of the path is longer than anything that the route takes.',
  ),
  'unsupported-media-type': entry(
    415,
    'invalid',
    'The media type is not supported',
    'The `Content-Type` or `Content-Encoding` is malformed or not taken by this route.',
  ),
  'expectation-failed': entry(
    417,
    'invalid',
    'The expectation is not supported',
    'The only `Expect` that is understood is `100-continue`.',
  ),
  misdirected: entry(
    421,
    'unavailable',
    'Another worker owns the database',
    'Internal: from worker to gateway, which follows `Leasehold-Owner`. Nothing was applied.',
  ),
  'not-a-counter': entry(
    422,
    'conflict',
    'The value is not a number',
    '`sum`, `min` and `max` take values of 8 bytes, an unsigned number, least byte first. Nothing was applied.',
  ),
  'idempotency-key-reused': entry(
    422,
    'conflict',
    'The idempotency key belongs to another request',
    'Within 24 hours one key names one request: method, key, conditions, lifetime and body. Nothing was applied. Draw a new key for a new request.',
  ),
  'idempotency-keys-exhausted': entry(
    429,
    'quota',
    'Too many idempotency keys in a day',
    'A database remembers at most 10,000,000 idempotency keys for 24 hours, the control plane 10,000 of each caller. Nothing was applied; what has no key still works.',
  ),
  'quota-exceeded': entry(
    429,
    'quota',
    'A quota is used up',
    'A stated limit of the plan is reached. Nothing was applied.',
  ),
  'too-many-requests': entry(
    429,
    'quota',
    'Too many requests',
    'Slow down and try again after `retryAfterMs`. Nothing was applied. `violatedPolicies`, when present, names the policies of `RateLimit-Policy`, or `wakes`: too many databases are being opened.',
  ),
  'headers-too-large': entry(
    431,
    'invalid',
    'The request head is too large',
    'Request line and headers together have at most 16 KiB, and there are fewer than 256 headers.',
  ),
  // 500 … 503
  ...SERVICE_ERROR_CODES,
} as const;

export type ErrorCode = keyof typeof TABLE;

export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorCodeEntry>> = TABLE;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}
