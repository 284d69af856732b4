import type { IncomingMessage } from 'node:http';

import { isObjectKey } from '@leasehold/object-store';

import { S3Error } from './s3-error.js';

/** What a request asks for: path-style only, `/bucket/key`. */
export interface S3Request {
  readonly method: string;
  /** As sent, still encoded. */
  readonly rawPath: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  /** Lower-case names; repeated headers joined with a comma. */
  readonly header: (name: string) => string | undefined;
  readonly headerNames: readonly string[];
}

/**
 * Takes the request target apart by hand: a URL parser would resolve `.` and `..`, which are ordinary parts of a key.
 * @throws S3Error InvalidURI, KeyTooLongError
 */
export function parseS3Request(message: IncomingMessage): S3Request {
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const rawQuery = mark < 0 ? '' : target.slice(mark + 1);
  const path = decoded(rawPath);
  const slash = path.indexOf('/', 1);
  const bucket = slash < 0 ? path.slice(1) : path.slice(1, slash);
  const key = slash < 0 ? '' : path.slice(slash + 1);
  if (!path.startsWith('/')) throw new S3Error('InvalidURI');
  if (key !== '' && !isObjectKey(key)) throw new S3Error('KeyTooLongError');
  const headers = message.headersDistinct;
  return {
    method: message.method ?? 'GET',
    rawPath,
    query: rawQuery.split('&').filter(Boolean).map(queryPair),
    bucket,
    key,
    header: (name) => headers[name]?.join(','),
    headerNames: Object.keys(headers),
  };
}

export function queryValue(request: S3Request, name: string): string | undefined {
  return request.query.find(([found]) => found === name)?.[1];
}

function queryPair(pair: string): readonly [string, string] {
  const equals = pair.indexOf('=');
  return equals < 0 ? [decoded(pair), ''] : [decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1))];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI');
  }
}
