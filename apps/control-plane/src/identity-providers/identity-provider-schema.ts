import { MAX_TEMPLATE_CHARS, parseClaimTemplate, parsePrefixTemplate } from '@leasehold/directory';
import { MAX_TARGET_CHARS } from '@leasehold/outbound';
import { isDatabaseName } from '@leasehold/protocol';
import { z } from 'zod';

import { isCleanText, nameOf } from '../requests/text.js';
import { TOKEN_SCOPES } from '../tokens/token-schemas.js';

const MAX_ISSUER_CHARS = 512;
const TEMPLATE = 'must be text with at most one {claim}';

export const providerName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must have 1 to 63 characters of a-z, 0-9 and -');

const template = z.string().max(MAX_TEMPLATE_CHARS, TEMPLATE).refine(isCleanText, TEMPLATE);

export const newIdentityProvider = z.strictObject({
  /** Exactly as the tokens say it: with or without a slash behind. */
  issuer: nameOf(1, MAX_ISSUER_CHARS),
  audience: nameOf(1, MAX_ISSUER_CHARS),
  jwksUrl: z.string().min(1, 'must be a URL').max(MAX_TARGET_CHARS, `must have at most ${MAX_TARGET_CHARS} characters`),
  mapping: z.strictObject({
    database: template.refine(canNameDatabase, 'must make the name of a database, with at most one {claim}'),
    prefix: template
      .refine((text) => parsePrefixTemplate(text) !== undefined, `${TEMPLATE}, and text behind that`)
      .optional(),
    scopes: z
      .array(z.enum(TOKEN_SCOPES, `must be one of ${TOKEN_SCOPES.join(', ')}`))
      .min(1, 'must name at least one scope')
      .max(TOKEN_SCOPES.length, `must name at most ${TOKEN_SCOPES.length} scopes`)
      .refine((scopes) => new Set(scopes).size === scopes.length, 'must not name a scope twice'),
  }),
});
export type NewIdentityProvider = z.output<typeof newIdentityProvider>;

/** Whether some value of the claim makes a name. */
function canNameDatabase(text: string): boolean {
  const parsed = parseClaimTemplate(text);
  if (parsed === undefined) return false;
  return isDatabaseName(parsed.before + (parsed.claim === undefined ? '' : 'a') + parsed.behind);
}
