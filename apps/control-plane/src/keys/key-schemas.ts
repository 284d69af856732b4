import { isDatabasePattern, MAX_DATABASE_PATTERNS, MAX_OVERLAP_SECONDS, SCOPES } from '@leasehold/directory';
import { z } from 'zod';

import { hasOnePrefix, keyPrefixMembers, ONE_PREFIX } from '../requests/key-prefix.js';
import { nameOf } from '../requests/text.js';

const NAME_CHARS = 100;
const MAX_LIFETIME_YEARS = 10;
const DEFAULT_OVERLAP_SECONDS = 24 * 60 * 60;
const OVERLAP = `must be a whole number of seconds from 0 to ${MAX_OVERLAP_SECONDS}`;

export const newKey = z
  .strictObject({
    name: nameOf(1, NAME_CHARS),
    scopes: z
      .array(z.enum(SCOPES, `must be one of ${SCOPES.join(', ')}`))
      .min(1, 'must name at least one scope')
      .max(SCOPES.length, `must name at most ${SCOPES.length} scopes`)
      .refine((scopes) => new Set(scopes).size === scopes.length, 'must not name a scope twice'),
    /** An empty one is what a variable without a value turns into: it must not open all of them. */
    databases: z
      .array(
        z
          .string()
          .refine(isDatabasePattern, 'must be the name of a database, or one with a single *, such as customer-*'),
      )
      .min(1, 'must name at least one database, or be left out')
      .max(MAX_DATABASE_PATTERNS, `must have at most ${MAX_DATABASE_PATTERNS} patterns`)
      .refine((patterns) => new Set(patterns).size === patterns.length, 'must not name a pattern twice')
      .optional(),
    ...keyPrefixMembers,
    expiresAt: z.iso
      .datetime({ offset: true, error: 'must be an instant, such as 2030-01-31T00:00:00Z' })
      .transform((text) => new Date(text))
      .refine((at) => at.getTime() > Date.now(), 'must lie in the future')
      .refine(
        (at) => at.getUTCFullYear() <= new Date().getUTCFullYear() + MAX_LIFETIME_YEARS,
        'must lie within ten years',
      )
      .optional(),
  })
  .refine(hasOnePrefix, ONE_PREFIX);

export type NewKeyBody = z.output<typeof newKey>;

export const rotation = z.strictObject({
  /** How long the present secret goes on working. */
  overlapSeconds: z.int(OVERLAP).min(0, OVERLAP).max(MAX_OVERLAP_SECONDS, OVERLAP).default(DEFAULT_OVERLAP_SECONDS),
});

export type RotationBody = z.output<typeof rotation>;
