import { z } from 'zod';

import type { Proof } from '../auth/second-factor.js';
import { givenPassword } from './account-schemas.js';

/** Longer than any challenge and any code that we make. */
const CHALLENGE_CHARS = 128;
const BACKUP_CODE_CHARS = 64;

const code = z.string().regex(/^[0-9]{6}$/, 'must have six digits');
const backupCode = z
  .string()
  .min(1, 'must not be empty')
  .max(BACKUP_CODE_CHARS, `must have at most ${BACKUP_CODE_CHARS} characters`);

interface ShownProof {
  readonly code?: string | undefined;
  readonly backupCode?: string | undefined;
}

const isOne = (body: ShownProof) => (body.code === undefined) !== (body.backupCode === undefined);
const ONE = { path: ['code'], message: 'must be given, or backupCode instead' };

export const passwordBody = z.strictObject({ password: givenPassword });

export type PasswordBody = z.output<typeof passwordBody>;

export const codeBody = z.strictObject({ code });

export type CodeBody = z.output<typeof codeBody>;

export const bothFactors = z
  .strictObject({ password: givenPassword, code: code.optional(), backupCode: backupCode.optional() })
  .refine(isOne, ONE);

export type BothFactors = z.output<typeof bothFactors>;

export const secondFactorLogin = z
  .strictObject({
    challenge: z
      .string()
      .min(1, 'must not be empty')
      .max(CHALLENGE_CHARS, `must have at most ${CHALLENGE_CHARS} characters`),
    code: code.optional(),
    backupCode: backupCode.optional(),
  })
  .refine(isOne, ONE);

export type SecondFactorLogin = z.output<typeof secondFactorLogin>;

/** Of a body that has one of the two, as the schemas want it. */
export function proofOf({ code: shown, backupCode: paper }: ShownProof): Proof {
  return shown === undefined ? { backupCode: paper ?? '' } : { code: shown };
}
