import type { ObjectStore, PutCondition, StoredObject } from '@leasehold/object-store';

import { wholeSecond } from './s3-answer.js';
import type { S3Answer } from './s3-answer.js';
import { S3Error } from './s3-error.js';
import type { S3Request } from './s3-request.js';

/** An unconditional put is a read and a conditional put, again when somebody was faster. */
const MAX_OVERWRITE_ATTEMPTS = 100;

export async function getObject(store: ObjectStore, request: S3Request): Promise<S3Answer> {
  const ifNoneMatch = plainEtag(request.header('if-none-match'));
  const range = parseRange(request.header('range'));
  const object =
    range === 'unsatisfiable' ? await store.get(request.key) : await store.get(request.key, { range, ifNoneMatch });
  if (object === undefined) throw new S3Error('NoSuchKey');
  if (object === 'not-modified') return notModified(ifNoneMatch as string);
  checkIfMatch(request, object);
  if (ifNoneMatch === '*') return notModified(object.etag);
  const headers = objectHeaders(object);
  if (!range) return { status: 200, headers: { ...headers, 'content-length': object.sizeBytes }, body: object.body };
  if (range === 'unsatisfiable' || object.body.byteLength === 0) {
    throw new S3Error('InvalidRange', undefined, { 'content-range': `bytes */${object.sizeBytes}` });
  }
  const start = 'suffix' in range ? object.sizeBytes - object.body.byteLength : range.start;
  const contentRange = `bytes ${start}-${start + object.body.byteLength - 1}/${object.sizeBytes}`;
  return {
    status: 206,
    headers: { ...headers, 'content-range': contentRange, 'content-length': object.body.byteLength },
    body: object.body,
  };
}

export async function headObject(store: ObjectStore, request: S3Request): Promise<S3Answer> {
  const ifNoneMatch = plainEtag(request.header('if-none-match'));
  const object = await store.get(request.key, { range: { start: 0, end: 1 }, ifNoneMatch });
  if (object === undefined) throw new S3Error('NoSuchKey');
  if (object === 'not-modified') return notModified(ifNoneMatch as string);
  checkIfMatch(request, object);
  return { status: 200, headers: { ...objectHeaders(object), 'content-length': object.sizeBytes } };
}

/** Answers when the object is durable. */
export async function putObject(store: ObjectStore, request: S3Request, body: Uint8Array): Promise<S3Answer> {
  const { key } = request;
  const condition = putConditionOf(request);
  if (condition) {
    const answer = await store.put(key, body, condition);
    if (answer.outcome === 'done') return { status: 200, headers: { etag: `"${answer.etag}"` } };
    if (answer.outcome === 'unknown') throw outcomeUnknown(answer.cause);
    if (condition !== 'create' && (await presentEtag(store, key)) === undefined) throw new S3Error('NoSuchKey');
    throw new S3Error('PreconditionFailed');
  }
  for (let attempt = 1; attempt <= MAX_OVERWRITE_ATTEMPTS; attempt++) {
    const match = await presentEtag(store, key);
    const answer = await store.put(key, body, match === undefined ? 'create' : { match });
    if (answer.outcome === 'done') return { status: 200, headers: { etag: `"${answer.etag}"` } };
    if (answer.outcome === 'unknown') throw outcomeUnknown(answer.cause);
  }
  throw new S3Error('SlowDown');
}

/** Not S3's own kind of error: the client gets a 500, the operator the cause (a full disk, say). */
function outcomeUnknown(cause: unknown): Error {
  return new Error('the store does not know the outcome of a put', { cause });
}

export async function deleteObject(store: ObjectStore, request: S3Request): Promise<S3Answer> {
  // Ignoring a condition would delete what the client wanted to keep.
  if (request.header('if-match') !== undefined)
    throw new S3Error('NotImplemented', 'Conditional deletes are not supported.');
  await store.delete(request.key);
  return { status: 204, headers: {} };
}

/** Undefined for an unconditional put. */
export function putConditionOf(request: S3Request): PutCondition | undefined {
  const ifNoneMatch = request.header('if-none-match');
  const match = plainEtag(request.header('if-match'));
  if (ifNoneMatch === undefined && match === undefined) return undefined;
  if (ifNoneMatch !== undefined && match !== undefined) throw new S3Error('NotImplemented', 'A put has one condition.');
  if (match !== undefined) {
    if (match === '*' || match === '') throw new S3Error('NotImplemented', 'If-Match of a put names one ETag.');
    return { match };
  }
  if (ifNoneMatch !== '*') throw new S3Error('NotImplemented', 'If-None-Match of a put is *.');
  return 'create';
}

async function presentEtag(store: ObjectStore, key: string): Promise<string | undefined> {
  const object = await store.get(key, { range: { start: 0, end: 1 } });
  return object === undefined || object === 'not-modified' ? undefined : object.etag;
}

function checkIfMatch(request: S3Request, object: StoredObject): void {
  const ifMatch = plainEtag(request.header('if-match'));
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== object.etag) throw new S3Error('PreconditionFailed');
}

function notModified(etag: string): S3Answer {
  return { status: 304, headers: { etag: `"${etag}"` } };
}

function objectHeaders(object: StoredObject): Record<string, string | number> {
  return {
    etag: `"${object.etag}"`,
    'last-modified': wholeSecond(object.lastModifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
    'content-type': 'binary/octet-stream',
  };
}

/** Quoted or not, as S3 takes both. */
function plainEtag(header: string | undefined): string | undefined {
  return header?.trim().replace(/^"(.*)"$/, '$1');
}

/** Undefined for what S3 ignores: no range, several ranges, another unit, or nonsense. */
function parseRange(
  header: string | undefined,
): { start: number; end: number } | { suffix: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') {
    const suffix = Number(match[2]);
    return suffix === 0 || !Number.isSafeInteger(suffix) ? 'unsatisfiable' : { suffix };
  }
  const start = Number(match[1]);
  const last = match[2] === '' ? Number.MAX_SAFE_INTEGER - 1 : Math.min(Number(match[2]), Number.MAX_SAFE_INTEGER - 1);
  if (start >= Number.MAX_SAFE_INTEGER - 1) return 'unsatisfiable';
  return last < start ? undefined : { start, end: last + 1 };
}
