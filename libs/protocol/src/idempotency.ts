import { createHash } from 'node:crypto';

import { LIMITS } from './limits.js';
import type { HeaderValues } from './precondition.js';
import { ProblemError } from './problem.js';

export const IDEMPOTENCY_HEADER = 'idempotency-key';
/** `true` on an answer that repeats what an earlier request under the same key came to. */
export const REPLAYED_HEADER = 'idempotency-replayed';

/** Beside method, resource and body: what makes two requests different. */
const MEANING = ['if-match', 'if-none-match', 'leasehold-ttl'] as const;
const DIGEST_BYTES = 16;

export interface DigestedRequest {
  readonly method: string;
  /** Below the database, in the form of the hop: however a key or a body was spelled, the same request has the same digest. */
  readonly resource: string;
  readonly headers: HeaderValues;
  readonly body: Uint8Array;
}

/** The key as sent, 1 … 255 visible ASCII characters; undefined when there is none. @throws ProblemError invalid-idempotency-key */
export function parseIdempotencyKey(headers: HeaderValues): string | undefined {
  const key = headers[IDEMPOTENCY_HEADER];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && key.length <= LIMITS.idempotencyKeyChars && /^[\x21-\x7e]+$/.test(key)) return key;
  throw new ProblemError(
    'invalid-idempotency-key',
    `an idempotency key has 1 to ${LIMITS.idempotencyKeyChars} visible ASCII characters, and is given once`,
  );
}

/** 16 bytes of SHA-256 over everything that says what the request does. */
export function digestOfRequest({ method, resource, headers, body }: DigestedRequest): Uint8Array {
  const meaning = MEANING.map((name) => headers[name] ?? null);
  const hash = createHash('sha256').update(JSON.stringify([method, resource, meaning, body.byteLength]));
  return hash.update(body).digest().subarray(0, DIGEST_BYTES);
}
