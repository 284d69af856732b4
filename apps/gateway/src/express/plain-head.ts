import type { IncomingMessage } from 'node:http';

import { isBase64Url, toBase64Url } from '@leasehold/foundation';
import type { HeaderValues } from '@leasehold/protocol';
import {
  LIMITS,
  parseIdempotencyKey,
  parseKey,
  parsePrecondition,
  parseReadCondition,
  parseTtl,
} from '@leasehold/protocol';

import { FRAMEABLE_BYTES } from '../forwarding/forwarder.js';

export type PlainMethod = 'GET' | 'PUT' | 'DELETE';

/** How the key is spelled in the target. */
export type PlainResource = 'keys' | 'keys64';

/** The head of a request of one key that asks for nothing out of the ordinary. */
export interface PlainHead {
  readonly method: PlainMethod;
  readonly apiKey: string;
  readonly database: string;
  readonly resource: PlainResource;
  /** In base64url. */
  readonly key64: string;
  /** Of the body of a PUT; 0 otherwise. */
  readonly bodyBytes: number;
  /** As it was sent, good or not. */
  readonly requestId: string | undefined;
  /** As they were sent, good or not. */
  readonly trace: HeaderValues;
  /** Those of its headers that change what is done, checked. */
  readonly meaning: HeaderValues;
}

const DATABASES = '/v1/db/';
const BEARER = 'Bearer ';
/** Tokens are none: what they were granted is for the routes to look at. */
const API_KEY = `${BEARER}lh_`;
const MAX_KEY64_CHARS = Math.ceil((LIMITS.keyBytes * 4) / 3);
const NOTHING: HeaderValues = {};
/** Parameters, and what is no type at all, are left to the parsers of the routes. */
const SIMPLE_TYPE = /^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+*-]*$/i;
/** Without a zero in front, and short enough to be a number below what may go in a frame. */
const LENGTH = /^[1-9][0-9]{0,5}$/;
const CONNECTION = /^(?:keep-alive|close)$/i;

/** Given once; what they say is looked at. */
const LOOKED_AT = [
  'host',
  'authorization',
  'content-type',
  'content-length',
  'connection',
  'x-request-id',
  'traceparent',
  'tracestate',
  'if-match',
  'if-none-match',
  'leasehold-ttl',
  'idempotency-key',
] as const;
/** Nothing is done otherwise because of them. A request with a header that is in neither list goes to the routes. */
const PASSED_OVER = [
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'forwarded',
  'keep-alive',
  'pragma',
  'referer',
  'user-agent',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
] as const;
type Looked = (typeof LOOKED_AT)[number];

/** By each spelling in use: as they stand above, and `In-Capitals`. The place in {@link LOOKED_AT}, or none. */
const PLACES = new Map<string, number>();
for (const name of PASSED_OVER) spell(name, -1);
for (const [place, name] of LOOKED_AT.entries()) spell(name, place);

function spell(name: string, place: number): void {
  PLACES.set(name, place);
  PLACES.set(
    name.replace(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase()),
    place,
  );
}

const HOST = LOOKED_AT.indexOf('host');
const AUTHORIZATION = LOOKED_AT.indexOf('authorization');
const CONTENT_TYPE = LOOKED_AT.indexOf('content-type');
const CONTENT_LENGTH = LOOKED_AT.indexOf('content-length');
const CONNECTION_AT = LOOKED_AT.indexOf('connection');
const REQUEST_ID = LOOKED_AT.indexOf('x-request-id');
const TRACEPARENT = LOOKED_AT.indexOf('traceparent');
const TRACESTATE = LOOKED_AT.indexOf('tracestate');
const FIRST_MEANING = LOOKED_AT.indexOf('if-match');

/** Values by their place, of the head at hand: used again for the next one, before anybody else has a turn. */
const values = new Array<string | undefined>(LOOKED_AT.length).fill(undefined);

/**
 * Undefined where anything about the head is not plain, wrong or not: then it is for the routes to say what it means. What is plain means here
 * exactly what it means there.
 */
export function plainHeadOf(request: IncomingMessage): PlainHead | undefined {
  const { method, url = '', httpVersion } = request;
  if ((method !== 'GET' && method !== 'PUT' && method !== 'DELETE') || httpVersion !== '1.1') return undefined;
  if (!url.startsWith(DATABASES)) return undefined;
  const end = url.indexOf('/', DATABASES.length);
  const isCoded = url.startsWith('/keys64/', end);
  if (end < 0 || !(isCoded || url.startsWith('/keys/', end)) || url.includes('?')) return undefined;
  if (!sortHeaders(request.rawHeaders)) return undefined;
  const authorization = values[AUTHORIZATION];
  if (values[HOST] === undefined || authorization?.startsWith(API_KEY) !== true) return undefined;
  const connection = values[CONNECTION_AT];
  if (connection !== undefined && !CONNECTION.test(connection)) return undefined;
  const bodyBytes = bodyBytesOf(method);
  if (bodyBytes === undefined) return undefined;
  const text = url.slice(end + (isCoded ? '/keys64/'.length : '/keys/'.length));
  try {
    return {
      method,
      apiKey: authorization.slice(BEARER.length),
      database: url.slice(DATABASES.length, end),
      resource: isCoded ? 'keys64' : 'keys',
      key64: isCoded ? checked(text) : toBase64Url(parseKey(text)),
      bodyBytes,
      requestId: values[REQUEST_ID],
      trace: { traceparent: values[TRACEPARENT], tracestate: values[TRACESTATE] },
      meaning: meaningFor(method),
    };
  } catch {
    // Refused by the routes, in their words.
    return undefined;
  }
}

/** Each key has exactly one spelling in base64url. @throws Error it is of no key, in a way that is for the routes to tell */
function checked(key64: string): string {
  if (key64 === '' || key64.length > MAX_KEY64_CHARS || !isBase64Url(key64)) throw new Error('no key in base64url');
  return key64;
}

/** False where one is unknown, or one that is looked at is given twice. */
function sortHeaders(rawHeaders: readonly string[]): boolean {
  values.fill(undefined);
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const place = PLACES.get(name) ?? PLACES.get(name.toLowerCase());
    if (place === undefined) return false;
    if (place < 0) continue;
    if (values[place] !== undefined) return false;
    values[place] = rawHeaders[at + 1];
  }
  return true;
}

function bodyBytesOf(method: PlainMethod): number | undefined {
  const type = values[CONTENT_TYPE];
  const length = values[CONTENT_LENGTH];
  if (method !== 'PUT') return type === undefined && length === undefined ? 0 : undefined;
  if (length === undefined || !LENGTH.test(length) || (type !== undefined && !SIMPLE_TYPE.test(type))) return undefined;
  const bytes = Number(length);
  return bytes <= FRAMEABLE_BYTES ? bytes : undefined;
}

/** @throws ProblemError */
function meaningFor(method: PlainMethod): HeaderValues {
  let meaning: Partial<Record<Looked, string>> | undefined;
  for (let place = FIRST_MEANING; place < LOOKED_AT.length; place++) {
    const value = values[place];
    if (value !== undefined) (meaning ??= {})[LOOKED_AT[place] as Looked] = value;
  }
  if (meaning === undefined) return NOTHING;
  if (method === 'GET') {
    parseReadCondition(meaning);
    refuse(meaning, ['leasehold-ttl', 'idempotency-key']);
  } else {
    const { kind } = parsePrecondition(meaning);
    parseIdempotencyKey(meaning);
    if (method === 'PUT') parseTtl(meaning);
    else refuse(meaning, kind === 'absent' ? ['if-none-match'] : ['leasehold-ttl']);
  }
  return meaning;
}

function refuse(meaning: HeaderValues, names: readonly Looked[]): void {
  if (names.some((name) => meaning[name] !== undefined)) throw new Error('not understood on this route');
}
