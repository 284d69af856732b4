import { CHANGES_PARAMETERS } from '../changes-query.js';
import { DELETE_RANGE_PARAMETERS } from '../delete-range-query.js';
import type { ErrorCode } from '../error-codes.js';
import { LIST_PARAMETERS } from '../list-query.js';
import { READ_PARAMETERS } from '../read-query.js';
import type { ApiRoute } from './api-route.js';

const DATABASE = '/v1/db/{database}';
const KEY_PATHS = [`${DATABASE}/keys/{key}`, `${DATABASE}/keys64/{key64}`];

const OF_KEYS: readonly ErrorCode[] = ['invalid-key', 'key-too-long'];
const OF_THE_PAST: readonly ErrorCode[] = ['invalid-version', 'history-gone'];
const OF_WRITES: readonly ErrorCode[] = [
  'invalid-idempotency-key',
  'idempotency-key-reused',
  'idempotency-keys-exhausted',
  'database-full',
  'outcome-unknown',
];
const OF_JSON: readonly ErrorCode[] = ['invalid-body', 'unsupported-media-type', 'too-many-operations'];

/**
 * Every route that a gateway serves to clients, in one table: the gateway takes scopes and headers from it, and the documents are made from it. A
 * test fails when the gateway has a route that is not in here.
 */
export const API_ROUTES = {
  readKey: {
    id: 'readKey',
    method: 'GET',
    paths: KEY_PATHS,
    summary: 'Read a key',
    description:
      'The bytes of the value, now or at an earlier version or time. `If-None-Match: "version"` answers 304 when that is its version.',
    scopes: ['data:read'],
    headers: ['if-match', 'if-none-match'],
    query: READ_PARAMETERS,
    answer: 'value',
    codes: ['key-not-found', 'invalid-precondition', ...OF_KEYS, ...OF_THE_PAST],
  },
  writeKey: {
    id: 'writeKey',
    method: 'PUT',
    paths: KEY_PATHS,
    summary: 'Write a key',
    description:
      'Answered when it is durable. `If-None-Match: *` writes only if the key does not exist, `If-Match: *` only if it does, `If-Match: "version"` only over that version.',
    scopes: ['data:write'],
    headers: ['if-match', 'if-none-match', 'leasehold-ttl', 'idempotency-key'],
    query: [],
    body: 'value',
    answer: 'version',
    codes: [
      'precondition-failed',
      'invalid-precondition',
      'invalid-expiry',
      'value-too-large',
      'unsupported-media-type',
      ...OF_KEYS,
      ...OF_WRITES,
    ],
  },
  deleteKey: {
    id: 'deleteKey',
    method: 'DELETE',
    paths: KEY_PATHS,
    summary: 'Delete a key',
    description: 'Deleting a key that does not exist succeeds, unless `If-Match` demands one.',
    scopes: ['data:write'],
    headers: ['if-match', 'if-none-match', 'idempotency-key'],
    query: [],
    answer: 'version',
    codes: ['precondition-failed', 'invalid-precondition', ...OF_KEYS, ...OF_WRITES],
  },
  listKeys: {
    id: 'listKeys',
    method: 'GET',
    paths: [`${DATABASE}/keys`],
    summary: 'List a range of keys',
    description:
      'A page of keys that begin with `prefix` and lie in [start, end), in byte order. With `at`, the pages that its cursor leads to show the same version.',
    scopes: ['data:read'],
    headers: [],
    query: LIST_PARAMETERS,
    answer: 'page',
    codes: ['invalid-limit', 'invalid-cursor', 'invalid-encoding', ...OF_THE_PAST],
  },
  deleteRange: {
    id: 'deleteRange',
    method: 'DELETE',
    paths: [`${DATABASE}/keys`],
    summary: 'Delete a range of keys',
    description: 'One commit, whatever the range holds. `all=true` is the only way to name all keys.',
    scopes: ['data:write'],
    headers: ['idempotency-key'],
    query: DELETE_RANGE_PARAMETERS,
    answer: 'version',
    codes: OF_WRITES,
  },
  transact: {
    id: 'transact',
    method: 'POST',
    paths: [`${DATABASE}/transactions`],
    summary: 'Apply checks and operations as one commit',
    description:
      'All of it or nothing. A check that fails is named by its position. Needs `data:write` when there are operations, `data:read` for checks alone.',
    scopes: ['data:write', 'data:read'],
    headers: ['idempotency-key'],
    query: [],
    body: 'transaction',
    answer: 'outcome',
    codes: [
      'precondition-failed',
      'not-a-counter',
      'invalid-range',
      'invalid-expiry',
      'value-too-large',
      'transaction-too-large',
      ...OF_JSON,
      ...OF_KEYS,
      ...OF_WRITES,
      ...OF_THE_PAST,
    ],
  },
  readMany: {
    id: 'readMany',
    method: 'POST',
    paths: [`${DATABASE}/reads`],
    summary: 'Read many keys and ranges of one state',
    description: 'In one trip; the version of that state is answered.',
    scopes: ['data:read'],
    headers: [],
    query: [],
    body: 'snapshot',
    answer: 'snapshot',
    codes: [
      'invalid-range',
      'invalid-limit',
      'invalid-cursor',
      'invalid-encoding',
      'body-too-large',
      'answer-too-large',
      ...OF_JSON,
      ...OF_KEYS,
      ...OF_THE_PAST,
    ],
  },
  followChanges: {
    id: 'followChanges',
    method: 'GET',
    paths: [`${DATABASE}/changes`],
    summary: 'Follow what is committed',
    description:
      'Server-sent events, one for each commit, in order. Resumes exactly after the version that `since` or `Last-Event-ID` names.',
    scopes: ['data:read'],
    headers: ['last-event-id'],
    query: CHANGES_PARAMETERS,
    answer: 'events',
    codes: ['not-acceptable', ...OF_THE_PAST],
  },
  warm: {
    id: 'warm',
    method: 'POST',
    paths: [`${DATABASE}/warm`],
    summary: 'Bring the database to a worker ahead of use',
    description: 'Free, and safe to repeat.',
    scopes: ['data:read'],
    headers: [],
    query: [],
    answer: 'owner',
    codes: ['invalid-body'],
  },
  readStatistics: {
    id: 'readStatistics',
    method: 'GET',
    paths: [`${DATABASE}/stats`],
    summary: 'What is known of the database',
    description: 'Sizes, files, and which process owns it now. Free.',
    scopes: ['data:read'],
    headers: [],
    query: [],
    answer: 'statistics',
    codes: [],
  },
  readDocument: {
    id: 'readDocument',
    method: 'GET',
    paths: ['/openapi.json'],
    summary: 'This document',
    description: 'OpenAPI 3.1.',
    scopes: [],
    headers: [],
    query: [],
    answer: 'document',
    codes: [],
  },
  readPage: {
    id: 'readPage',
    method: 'GET',
    paths: ['/docs'],
    summary: 'This document for people',
    description: 'One page without scripts.',
    scopes: [],
    headers: [],
    query: [],
    answer: 'html',
    codes: [],
  },
} as const satisfies Readonly<Record<string, ApiRoute>>;

/** The same as a list. */
export const ALL_API_ROUTES: readonly ApiRoute[] = Object.values(API_ROUTES);
