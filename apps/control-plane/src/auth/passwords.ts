import { hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2';
import { verifyPassword as verifyScrypt } from 'better-auth/crypto';

/** What OWASP asks of argon2id at least: 19 MiB, two passes, one lane. */
const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const CURRENT = `$argon2id$v=19$m=${ARGON2ID.memoryCost},t=${ARGON2ID.timeCost},p=${ARGON2ID.parallelism}$`;

/** Salted: never twice the same. A quarter of a second and 19 MiB at most; take a turn of {@link PasswordTurns}. */
export function hashPassword(password: string): Promise<string> {
  return argon2Hash(password.normalize('NFKC'), ARGON2ID);
}

/** Also against hashes of before: scrypt, by better-auth. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  if (!hash.startsWith('$')) return verifyScrypt({ password, hash });
  return argon2Verify(hash, password.normalize('NFKC'));
}

/** Whether a password that is known now should be hashed anew. */
export function isOutdated(hash: string): boolean {
  return !hash.startsWith(CURRENT);
}
