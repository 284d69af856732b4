import { z } from 'zod';

import { ROLES } from '../auth/access.js';
import { emailAddress, nameOf } from '../requests/text.js';

const ORGANIZATION_CHARS = 100;
/** Longer than any token and any id that we make. */
const TOKEN_CHARS = 128;
const ID_CHARS = 64;

export const organizationName = nameOf(1, ORGANIZATION_CHARS);

export const invitationToken = z
  .string()
  .min(1, 'must not be empty')
  .max(TOKEN_CHARS, `must have at most ${TOKEN_CHARS} characters`);

const role = z.enum(ROLES, `must be one of ${ROLES.join(', ')}`);

export const roleBody = z.strictObject({ role });

export type RoleBody = z.output<typeof roleBody>;

export const invitationBody = z.strictObject({ email: emailAddress, role });

export type InvitationBody = z.output<typeof invitationBody>;

export const invitationTokenBody = z.strictObject({ token: invitationToken });

export type InvitationTokenBody = z.output<typeof invitationTokenBody>;

export const organizationBody = z.strictObject({ name: organizationName });

export type OrganizationBody = z.output<typeof organizationBody>;

export const switchBody = z.strictObject({
  organizationId: z.string().min(1, 'must not be empty').max(ID_CHARS, `must have at most ${ID_CHARS} characters`),
});

export type SwitchBody = z.output<typeof switchBody>;
