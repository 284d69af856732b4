import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = /** @type {(password: string, salt: Buffer, bytes: number) => Promise<Buffer>} */ (promisify(scrypt));

const SALT_BYTES = 16;
const HASH_BYTES = 32;
const NOBODY = `${'A'.repeat(22)}.${'A'.repeat(43)}`;

/** @param {string} password @returns {Promise<string>} `salt.hash`, both in base64url */
export async function hashPassword(password) {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, HASH_BYTES);
  return `${salt.toString('base64url')}.${hash.toString('base64url')}`;
}

/** @param {string} password @param {string | undefined} kept undefined: it is not right, which takes as long to say */
export async function isPasswordOf(password, kept = NOBODY) {
  const [salt = '', hash = ''] = kept.split('.');
  const given = await derive(password, Buffer.from(salt, 'base64url'), HASH_BYTES);
  return timingSafeEqual(given, Buffer.from(hash, 'base64url'));
}
