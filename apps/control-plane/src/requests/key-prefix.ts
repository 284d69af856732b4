import { TOKEN_PREFIX_BYTES } from '@leasehold/directory';
import { fromBase64Url, utf8 } from '@leasehold/foundation';
import { z } from 'zod';

const PREFIX_CHARS = TOKEN_PREFIX_BYTES * 2;
const PREFIX = `must have 1 to ${TOKEN_PREFIX_BYTES} bytes`;

// An empty one is what a variable without a value turns into: it must not open the whole database.
const isPrefix = (bytes: Uint8Array) => bytes.byteLength > 0 && bytes.byteLength <= TOKEN_PREFIX_BYTES;

/** Keys that begin so, and no others: text, whose bytes are its UTF-8, or any bytes in unpadded base64url. */
export const keyPrefixMembers = {
  prefix: z.string().max(PREFIX_CHARS, PREFIX).transform(utf8).refine(isPrefix, PREFIX).optional(),
  prefix64: z
    .string()
    .max(PREFIX_CHARS, PREFIX)
    .transform((text) => fromBase64Url(text) ?? new Uint8Array(0))
    .refine(isPrefix, `${PREFIX} in unpadded base64url`)
    .optional(),
};

/** Of an object with {@link keyPrefixMembers}. */
export function hasOnePrefix({
  prefix,
  prefix64,
}: {
  readonly prefix?: unknown;
  readonly prefix64?: unknown;
}): boolean {
  return prefix === undefined || prefix64 === undefined;
}

export const ONE_PREFIX = { path: ['prefix64'], message: 'give prefix or prefix64, not both' };
