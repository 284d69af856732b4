import { z } from 'zod';

const ID_CHARS = 64;

export const newGrant = z.strictObject({
  /** Whose name is not asked for: ids cannot be guessed, and names can. */
  organizationId: z.string().regex(new RegExp(`^[0-9A-Za-z_-]{1,${ID_CHARS}}$`), 'must be the id of an organization'),
  access: z.enum(['read', 'write'], 'must be read or write'),
});

export type NewGrantBody = z.output<typeof newGrant>;
