import { MAX_TOKEN_LIFETIME_SECONDS, TOKEN_PREFIX_BYTES } from '@leasehold/directory';
import { fromBase64Url, utf8 } from '@leasehold/foundation';
import { z } from 'zod';

/** What a token may say. The rest of the scopes is for what the control plane does, where no token is taken. */
export const TOKEN_SCOPES = ['data:read', 'data:write'] as const;

const PREFIX_CHARS = TOKEN_PREFIX_BYTES * 2;
const LIFETIME = `must be a whole number of seconds from 1 to ${MAX_TOKEN_LIFETIME_SECONDS}`;
const PREFIX = `must have 1 to ${TOKEN_PREFIX_BYTES} bytes`;

// An empty one is what a variable without a value turns into: it must not open the whole database.
const isPrefix = (bytes: Uint8Array) => bytes.byteLength > 0 && bytes.byteLength <= TOKEN_PREFIX_BYTES;

export const newToken = z
  .strictObject({
    /** A name. */
    database: z.string(),
    scopes: z
      .array(z.enum(TOKEN_SCOPES, `must be one of ${TOKEN_SCOPES.join(', ')}`))
      .min(1, 'must name at least one scope')
      .max(TOKEN_SCOPES.length, `must name at most ${TOKEN_SCOPES.length} scopes`)
      .refine((scopes) => new Set(scopes).size === scopes.length, 'must not name a scope twice'),
    ttlSeconds: z.int(LIFETIME).min(1, LIFETIME).max(MAX_TOKEN_LIFETIME_SECONDS, LIFETIME),
    /** Keys that begin so, and no others: text, whose bytes are its UTF-8, or any bytes in unpadded base64url. */
    prefix: z.string().max(PREFIX_CHARS, PREFIX).transform(utf8).refine(isPrefix, PREFIX).optional(),
    prefix64: z
      .string()
      .max(PREFIX_CHARS, PREFIX)
      .transform((text) => fromBase64Url(text) ?? new Uint8Array(0))
      .refine(isPrefix, `${PREFIX} in unpadded base64url`)
      .optional(),
  })
  .refine(({ prefix, prefix64 }) => prefix === undefined || prefix64 === undefined, {
    path: ['prefix64'],
    message: 'give prefix or prefix64, not both',
  });

export type NewTokenBody = z.output<typeof newToken>;
