import { SCOPES } from '@leasehold/directory';
import { z } from 'zod';

import { nameOf } from '../requests/text.js';

const NAME_CHARS = 100;
const MAX_LIFETIME_YEARS = 10;

export const newKey = z.strictObject({
  name: nameOf(1, NAME_CHARS),
  scopes: z
    .array(z.enum(SCOPES, `must be one of ${SCOPES.join(', ')}`))
    .min(1, 'must name at least one scope')
    .max(SCOPES.length, `must name at most ${SCOPES.length} scopes`)
    .refine((scopes) => new Set(scopes).size === scopes.length, 'must not name a scope twice'),
  expiresAt: z.iso
    .datetime({ offset: true, error: 'must be an instant, such as 2030-01-31T00:00:00Z' })
    .transform((text) => new Date(text))
    .refine((at) => at.getTime() > Date.now(), 'must lie in the future')
    .refine(
      (at) => at.getUTCFullYear() <= new Date().getUTCFullYear() + MAX_LIFETIME_YEARS,
      'must lie within ten years',
    )
    .optional(),
});

export type NewKeyBody = z.output<typeof newKey>;
