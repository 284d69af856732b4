import type { ErrorCode } from '../error-codes.js';

/** Headers that change what a request means. A route that does not understand one refuses it, because ignoring it would lie. */
export const MEANING_HEADERS = [
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'leasehold-ttl',
  'idempotency-key',
  'leasehold-create-database',
] as const;
export type MeaningHeader = (typeof MEANING_HEADERS)[number];

/** What a key has to be allowed to; the directory knows more of them. */
export type DataScope = 'data:read' | 'data:write';

export type ApiMethod = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** One route of the data plane: what the gateway asks of a request, and what the documents say. */
export interface ApiRoute {
  /** Stable: generated clients name their methods so. */
  readonly id: string;
  readonly method: ApiMethod;
  /** Every spelling of the path. A GET is answered to HEAD as well. */
  readonly paths: readonly string[];
  readonly summary: string;
  readonly description: string;
  /** One of them suffices; empty: anybody may ask. */
  readonly scopes: readonly DataScope[];
  /** Of the headers that change what a request means, those that it understands. */
  readonly headers: readonly (MeaningHeader | 'last-event-id')[];
  /** Names of its query parameters. */
  readonly query: readonly string[];
  readonly body?: 'value' | 'transaction' | 'snapshot' | 'kvExchange' | 'kvMessage';
  readonly answer:
    | 'value'
    | 'version'
    | 'outcome'
    | 'page'
    | 'snapshot'
    | 'events'
    | 'owner'
    | 'statistics'
    | 'document'
    | 'html'
    | 'kvMetadata'
    | 'kvMessage'
    | 'kvStream';
  /** Beside those that every route of a database has. */
  readonly codes: readonly ErrorCode[];
}
