import { z } from 'zod';

import { PASSWORD_CHARS } from '../auth/authentication.js';
import { invitationToken, organizationName } from '../organizations/organization-schemas.js';
import { emailAddress } from '../requests/text.js';

const newPassword = z
  .string()
  .min(PASSWORD_CHARS.min, `must have at least ${PASSWORD_CHARS.min} characters`)
  .max(PASSWORD_CHARS.max, `must have at most ${PASSWORD_CHARS.max} characters`);

/** Either makes an organization of one's own, or joins the one that sent an invitation. */
export const signupBody = z
  .strictObject({
    email: emailAddress,
    password: newPassword,
    organization: organizationName.optional(),
    invitation: invitationToken.optional(),
  })
  .refine(({ organization, invitation }) => (organization === undefined) !== (invitation === undefined), {
    path: ['organization'],
    message: 'must be given, or invitation instead',
  });

export type SignupBody = z.output<typeof signupBody>;

/** To be compared. Shorter than any password ever was is simply wrong; longer would only cost us time. */
export const givenPassword = z
  .string()
  .min(1, 'must not be empty')
  .max(PASSWORD_CHARS.max, `must have at most ${PASSWORD_CHARS.max} characters`);

export const passwordChangeBody = z.strictObject({
  currentPassword: givenPassword,
  newPassword,
  revokeOtherSessions: z.boolean('must be true or false').default(false),
});

export const loginBody = z.strictObject({ email: emailAddress, password: givenPassword });

export type LoginBody = z.output<typeof loginBody>;

/** Longer than any token that we make. */
const TOKEN_CHARS = 2_048;

const mailToken = z
  .string()
  .min(1, 'must not be empty')
  .max(TOKEN_CHARS, `must have at most ${TOKEN_CHARS} characters`);

export const verificationBody = z.strictObject({ token: mailToken });

export type VerificationBody = z.output<typeof verificationBody>;

export const resetMailBody = z.strictObject({ email: emailAddress });

export type ResetMailBody = z.output<typeof resetMailBody>;

export const resetBody = z.strictObject({ token: mailToken, password: newPassword });

export type ResetBody = z.output<typeof resetBody>;
