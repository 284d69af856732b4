import { createHash, webcrypto } from 'node:crypto';

import aws4 from 'aws4';

import { objectPath } from './s3-address.js';
import type { S3Address } from './s3-address.js';
import type { S3Credentials } from './s3-credentials.js';

export interface ObjectRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Sent beside what is signed. */
  readonly traceparent?: string;
}

export interface SignedRequest {
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** Below, another thread costs more than it saves; a millisecond of hashing above it would keep renewals waiting. */
const HASHED_ELSEWHERE_BYTES = 256 * 1024;
const USER_AGENT = 'leasehold';
const HASH_OF_NOTHING = sha256(new Uint8Array(0));

/** SHA-256 in hexadecimal. S3 refuses a body that is not the signed one, so a byte that changes on the way is never stored. */
export function payloadHash(body: Uint8Array | undefined): string | Promise<string> {
  if (body === undefined || body.byteLength === 0) return HASH_OF_NOTHING;
  if (body.byteLength < HASHED_ELSEWHERE_BYTES) return sha256(body);
  return webcrypto.subtle.digest('SHA-256', body).then((digest) => Buffer.from(digest).toString('hex'));
}

function sha256(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

/**
 * AWS Signature Version 4 over method, path, headers and the hash of the body. Not over the trace: S3 ignores it, and a proxy on the way
 * may put a part of the trace of its own in its place.
 */
export function signed(
  { method, key, headers, traceparent }: ObjectRequest,
  hash: string,
  at: { readonly address: S3Address; readonly credentials: S3Credentials; readonly nowMs: number },
): SignedRequest {
  const { address, credentials, nowMs } = at;
  const path = objectPath(address, key);
  const request = aws4.sign(
    {
      service: 's3',
      region: address.signingRegion,
      method,
      host: address.host,
      path,
      headers: { ...headers, 'User-Agent': USER_AGENT, 'X-Amz-Content-Sha256': hash, 'X-Amz-Date': basicTime(nowMs) },
    },
    credentials,
  );
  const sent = request.headers as Record<string, string>;
  if (traceparent !== undefined) sent['traceparent'] = traceparent;
  return { path, headers: sent };
}

/** `20261120T141632Z` */
function basicTime(ms: number): string {
  return new Date(ms).toISOString().replace(/[:-]|\.\d{3}/g, '');
}
