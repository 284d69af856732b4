import { MAX_TOKEN_LIFETIME_SECONDS } from '@leasehold/directory';
import { z } from 'zod';

import { hasOnePrefix, keyPrefixMembers, ONE_PREFIX } from '../requests/key-prefix.js';

/** What a token may say. The rest of the scopes is for what the control plane does, where no token is taken. */
export const TOKEN_SCOPES = ['data:read', 'data:write'] as const;

const LIFETIME = `must be a whole number of seconds from 1 to ${MAX_TOKEN_LIFETIME_SECONDS}`;

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
    ...keyPrefixMembers,
  })
  .refine(hasOnePrefix, ONE_PREFIX);

export type NewTokenBody = z.output<typeof newToken>;
