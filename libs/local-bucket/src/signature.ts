import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import { S3Error } from './s3-error.js';
import type { S3Request } from './s3-request.js';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** As at AWS. */
export const MAX_SKEW_MS = 15 * 60 * 1000;
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';
const ALGORITHM = 'AWS4-HMAC-SHA256';
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/s3\/aws4_request,\s*SignedHeaders=([a-z0-9;-]+),\s*Signature=([0-9a-f]{64})$/;

/**
 * Verifies AWS signature version 4 in the Authorization header (the AWS documentation's "Signature calculations for the Authorization header").
 * The client chooses the region; the time may be off by 15 minutes; every `x-amz-` header has to be signed.
 *
 * @returns what the body's SHA-256 has to be, or {@link UNSIGNED_PAYLOAD}
 * @throws S3Error that tells what is wrong
 */
export function verifySignature(request: S3Request, credentials: Credentials, nowMs: number): string {
  const authorization = request.header('authorization');
  if (authorization === undefined) throw new S3Error('AccessDenied', 'The request is not signed.');
  const match = AUTHORIZATION.exec(authorization);
  if (!match) throw new S3Error('AuthorizationHeaderMalformed');
  const [, accessKeyId, date, region, signedHeaders, signature] = match as unknown as string[];
  if (accessKeyId !== credentials.accessKeyId) throw new S3Error('InvalidAccessKeyId');

  const amzDate = request.header('x-amz-date') ?? '';
  const signedAt = parseAmzDate(amzDate);
  if (signedAt === undefined || !amzDate.startsWith(date as string))
    throw new S3Error('AccessDenied', 'x-amz-date is missing or not valid.');
  if (Math.abs(nowMs - signedAt) > MAX_SKEW_MS) throw new S3Error('RequestTimeTooSkewed');

  const payloadHash = request.header('x-amz-content-sha256');
  if (payloadHash === undefined) throw new S3Error('InvalidArgument', 'x-amz-content-sha256 is missing.');
  if (payloadHash.startsWith('STREAMING-'))
    throw new S3Error('NotImplemented', 'Bodies in signed chunks are not supported.');
  if (payloadHash !== UNSIGNED_PAYLOAD && !/^[0-9a-f]{64}$/.test(payloadHash))
    throw new S3Error('InvalidArgument', 'x-amz-content-sha256 is not valid.');

  const names = (signedHeaders as string).split(';');
  const unsigned = request.headerNames.find(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !names.includes(name),
  );
  if (unsigned !== undefined) throw new S3Error('AccessDenied', `The header ${unsigned} is not signed.`);

  const scope = `${date}/${region}/s3/aws4_request`;
  const canonical = canonicalRequest(request, names, payloadHash);
  const toSign = [ALGORITHM, amzDate, scope, sha256(canonical)].join('\n');
  const expected = hmac(keyOfDay(credentials.secretAccessKey, date as string, region as string), toSign);
  if (!timingSafeEqual(expected, Buffer.from(signature as string, 'hex'))) throw new S3Error('SignatureDoesNotMatch');
  return payloadHash;
}

/** Exported for tests, which sign requests of their own. */
export function canonicalRequest(request: S3Request, signedHeaders: readonly string[], payloadHash: string): string {
  const query = request.query
    .map(([name, value]) => [encodeRfc3986(name), encodeRfc3986(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compareAscii(nameA, nameB) || compareAscii(valueA, valueB))
    .map((pair) => pair.join('='))
    .join('&');
  const headers = signedHeaders
    .map((name) => `${name}:${(request.header(name) ?? '').trim().replace(/ +/g, ' ')}\n`)
    .join('');
  const path = decodeURIComponent(request.rawPath).split('/').map(encodeRfc3986).join('/');
  return [request.method, path, query, headers, signedHeaders.join(';'), payloadHash].join('\n');
}

export function signingKey(secretAccessKey: string, date: string, region: string): Buffer {
  return [date, region, 's3', 'aws4_request'].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
}

/** The last one: clients sign with the same for a whole day, and making it takes longer than all the rest here. */
let lastKey: { readonly made: string; readonly key: Buffer } | undefined;

function keyOfDay(secretAccessKey: string, date: string, region: string): Buffer {
  const made = JSON.stringify([secretAccessKey, date, region]);
  if (lastKey?.made !== made) lastKey = { made, key: signingKey(secretAccessKey, date, region) };
  return lastKey.key;
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function compareAscii(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** `20260131T235959Z` */
function parseAmzDate(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
