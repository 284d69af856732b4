import { LIMITS } from '../limits.js';
import { LIST_ENCODINGS } from '../list-query.js';

type Schema = Readonly<Record<string, unknown>>;

export interface ApiParameter {
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly schema: Schema;
}

const text: Schema = { type: 'string' };
const bound = (what: string): ApiParameter => ({
  in: 'query',
  description: `${what} Bytes, percent-encoded, at most ${LIMITS.keyBytes} of them.`,
  schema: text,
});
const header = (description: string, schema: Schema = text): ApiParameter => ({ in: 'header', description, schema });

/** Every parameter of the routes, by its name. */
export const API_PARAMETERS: Readonly<Record<string, ApiParameter>> = {
  database: {
    in: 'path',
    description:
      'Its name inside the tenant of the API key; of one that another tenant has granted, the slug of that one, a tilde, and its name there.',
    schema: {
      type: 'string',
      pattern: '^([a-z0-9-]+~)?[a-z0-9][a-z0-9_-]*$',
      maxLength: 2 * LIMITS.databaseNameChars + 2,
    },
  },
  key: {
    in: 'path',
    description: `1 to ${LIMITS.keyBytes} bytes, percent-encoded. Slashes belong to the key. Not for \`.\` and \`..\`, which URL parsers swallow.`,
    schema: { type: 'string', minLength: 1 },
  },
  key64: {
    in: 'path',
    description: 'The same, in unpadded base64url.',
    schema: { type: 'string', minLength: 2, contentEncoding: 'base64url' },
  },
  prefix: bound('Only keys that begin so.'),
  start: bound('From this key on.'),
  end: bound('Before this key.'),
  all: { in: 'query', description: 'All keys of the database.', schema: { type: 'boolean', const: true } },
  limit: {
    in: 'query',
    description: 'Entries of the page.',
    schema: { type: 'integer', minimum: 1, maximum: LIMITS.listLimit, default: LIMITS.listDefault },
  },
  reverse: { in: 'query', description: 'From the last key backwards.', schema: { type: 'boolean', default: false } },
  cursor: { in: 'query', description: 'Of the page before.', schema: text },
  encoding: {
    in: 'query',
    description: 'How keys and values are shown.',
    schema: { type: 'string', enum: LIST_ENCODINGS, default: 'utf8' },
  },
  at: {
    in: 'query',
    description: 'A version as answered in `ETag`, without quotes, or a time of RFC 3339 (`+` is `%2B`).',
    schema: text,
  },
  consistency: {
    in: 'query',
    description: 'Every read is strong.',
    schema: { type: 'string', enum: ['strong'], default: 'strong' },
  },
  since: {
    in: 'query',
    description: 'What was committed after this version; `0`: everything that is kept. Without it: from now on.',
    schema: text,
  },
  'if-match': header('`*`, or one entity tag as answered in `ETag`. Not on reads.'),
  'if-none-match': header('On reads one entity tag, on writes `*`. Not on deletes.'),
  'leasehold-ttl': header('Seconds after which the key ends.', {
    type: 'integer',
    minimum: 1,
    maximum: LIMITS.ttlSeconds,
  }),
  'idempotency-key': header('The same request under the same key is applied once in 24 hours.', {
    type: 'string',
    pattern: '^[!-~]+$',
    maxLength: LIMITS.idempotencyKeyChars,
  }),
  'leasehold-create-database': header(
    '`if-missing`: a database of this name is made first where there is none. For API keys with `db:create`.',
    { type: 'string', enum: ['if-missing'] },
  ),
  'last-event-id': header('As `since`, and wins over it.'),
};
