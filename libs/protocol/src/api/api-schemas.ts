import { z } from 'zod';

import { ERROR_CODES } from '../error-codes.js';
import { snapshotSchema } from '../snapshot-body.js';
import { transactionSchema } from '../transaction-body.js';

type Schema = Readonly<Record<string, unknown>>;

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const text: Schema = { type: 'string' };
const count: Schema = { type: 'integer', minimum: 0 };
const orNull = (schema: Schema): Schema => ({ oneOf: [schema, { type: 'null' }] });
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const object = (properties: Readonly<Record<string, Schema>>, required = Object.keys(properties)): Schema => ({
  type: 'object',
  properties,
  required,
});

/** Text of the asked encoding, or the JSON that the value holds. */
const anyValue: Schema = {
  description: 'A text in the encoding that was asked for; with `encoding=json` the value itself.',
};

const owner = {
  database: object({ id: text, name: text }),
  session: orNull(text),
  owner: orNull(object({ session: text, pid: count })),
  epoch: count,
  version: orNull(ref('Version')),
};

/** What stands in bodies and answers, by name. Request bodies are made from the schemas that check them. */
export function apiSchemas(): Readonly<Record<string, Schema>> {
  return {
    Version: {
      type: 'string',
      pattern: '^[0-9a-f]{20}$',
      description: 'Grows with every commit of the database.',
      examples: ['00000001000000000007'],
    },
    Committed: object({ version: ref('Version') }),
    Outcome: object({
      version: ref('Version'),
      effect: { type: 'string', enum: ['committed', 'repeated', 'nothing'] },
    }),
    Entry: object({ key: text, value: anyValue, version: ref('Version') }),
    Page: object({ entries: listOf(ref('Entry')), cursor: orNull(text) }),
    Snapshot: object({
      version: ref('Version'),
      gets: listOf(orNull(object({ value: anyValue, version: ref('Version') }))),
      lists: listOf(ref('Page')),
    }),
    Owner: object(owner),
    Statistics: object({
      ...owner,
      sizeBytes: count,
      keys: count,
      historyBytes: count,
      unflushedBytes: count,
      cacheBytes: count,
      inlineEntries: count,
      l0Files: count,
      l1Files: count,
    }),
    Transaction: bodySchemaOf(transactionSchema()),
    SnapshotRead: bodySchemaOf(snapshotSchema()),
    Problem: {
      ...object(
        {
          type: { type: 'string', format: 'uri' },
          title: text,
          status: { type: 'integer', minimum: 400, maximum: 599 },
          code: { type: 'string', enum: Object.keys(ERROR_CODES) },
          detail: text,
          requestId: text,
          retryAfterMs: count,
          errors: listOf(object({ member: text, problem: text })),
          version: orNull(ref('Version')),
          failedCheck: count,
          requiredScope: text,
        },
        ['type', 'title', 'status', 'code', 'detail', 'requestId'],
      ),
      description: 'RFC 9457. Branch on `code`.',
    },
  };
}

/** Of what is sent, before defaults: what zod checks beyond JSON Schema is left out. */
export function bodySchemaOf(schema: z.ZodType): Schema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
  return rest;
}
