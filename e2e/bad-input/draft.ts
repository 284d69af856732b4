import type { Random } from '@leasehold/foundation';
import type { ErrorCode } from '@leasehold/protocol';

import { oneOf, someText } from './draw.js';
import { jsonText } from './json-text.js';
import type { Header, RawRequest } from './raw-request.js';
import type { Route } from './routes.js';
import { validSnapshot } from './snapshot-bodies.js';
import { validTransaction } from './transaction-bodies.js';

/** A tenant, as far as requests may name what is its. */
export interface Party {
  /** In every key and value of its databases, and in nobody else's. */
  readonly tag: string;
  /** May read and write. */
  readonly key: string;
  readonly revokedKey: string;
  /** Of the control plane, where the data plane takes none. */
  readonly token: string;
  /** Names that it alone has, or that other tenants have too; the last one was never written to. */
  readonly databases: readonly string[];
  /** Ids of its databases: no name, and so nothing to ask for. */
  readonly databaseIds: readonly string[];
  /** A name that no other tenant has. */
  readonly ownName: string;
  /** Of a listing of the prefix {@link CURSOR_PREFIX}. */
  readonly cursor: string;
}

export const CURSOR_PREFIX = 'listed/';

/** Who asks, and somebody else. */
export interface Parties {
  readonly asker: Party;
  readonly other: Party;
}

/** A request in parts, valid until something is made wrong with it. */
export interface Draft {
  readonly route: Route;
  readonly method: string;
  /** What stands before the name of the database. */
  readonly root: string;
  readonly database: string;
  /** What stands after it, with the slash. */
  readonly resource: string;
  /** Encoded: `name=value`. */
  readonly query: readonly string[];
  readonly headers: readonly Header[];
  readonly body: Uint8Array | undefined;
  readonly isChunked: boolean;
}

/** One way of being wrong. */
export interface Mutation {
  readonly name: string;
  readonly applies: (route: Route) => boolean;
  /** How many others it counts for when one is drawn: those with many ways of their own. 1 by default. */
  readonly weight?: number;
  /** What it may be answered with. */
  readonly codes: readonly ErrorCode[];
  /** Nothing is wrong with it on a route that only reads, as the answer may find: at most something is ignored. */
  readonly isHarmless?: boolean;
  readonly mutate: (draft: Draft, random: Random, parties: Parties) => Mutated;
}

/** What is different now, and the codes if this one time knows better than its kind. */
export type Mutated = Partial<Draft> & { readonly codes?: readonly ErrorCode[] };

/** A valid request, which would be visible in the database if it writes. */
export function validDraft(route: Route, random: Random, { asker }: Parties): Draft {
  const key = `new/${someText(random, 6)}`;
  const resource = route.path
    .replace('{key}', encodeURIComponent(key))
    .replace('{key64}', Buffer.from(key).toString('base64url'));
  const json = route.body === 'transaction' ? validTransaction(random) : validSnapshot(random);
  const isJson = route.body === 'transaction' || route.body === 'snapshot';
  const headers: Header[] = [
    ['host', 'leasehold.example'],
    ['authorization', `Bearer ${asker.key}`],
  ];
  if (isJson) headers.push(['content-type', 'application/json']);
  if (route.path === 'changes') headers.push(['accept', 'text/event-stream']);
  return {
    route,
    method: route.method,
    root: '/v1/db/',
    database: oneOf(random, asker.databases),
    resource: `/${resource}`,
    query: route.method === 'DELETE' && route.path === 'keys' ? ['prefix=listed%2F'] : [],
    headers,
    body: isJson ? Buffer.from(jsonText(json)) : route.body === 'value' ? Buffer.from(someText(random, 20)) : undefined,
    isChunked: false,
  };
}

export function requestOf({ method, root, database, resource, query, headers, body, isChunked }: Draft): RawRequest {
  const target = `${root}${database}${resource}${query.length > 0 ? `?${query.join('&')}` : ''}`;
  return { method, target, headers, body, isChunked };
}

/** The headers with others in place of those of this name. */
export function withHeaders(draft: Draft, name: string, ...values: readonly string[]): Pick<Draft, 'headers'> {
  const rest = draft.headers.filter(([present]) => present !== name);
  return { headers: [...rest, ...values.map((value): Header => [name, value])] };
}

/**
 * A database that was written to. Where a refusal has to come from the owner of a database, somebody becomes that: of one that was never
 * written to, the bucket would gain a head.
 */
export function ownedBy({ ownName }: Party): Pick<Draft, 'database'> {
  return { database: ownName };
}
