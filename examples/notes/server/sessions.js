import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import { ConflictError } from '@leasehold/client';

const COOKIE = 'notes_session';
const SESSION_SECONDS = 7 * 24 * 3_600;
const SECRET_BYTES = 32;
const SECRET_KEY = ['session-secret'];

/** Who is signed in, in a cookie that only this server can write and no script can read. */
export class Sessions {
  /** @param {string} secret @param {{ isSecure: boolean, now: () => number }} options */
  constructor(secret, { isSecure, now }) {
    this.secret = secret;
    this.isSecure = isSecure;
    this.now = now;
  }

  /** A `Set-Cookie` that signs in. @param {string} customer */
  open(customer) {
    const name = Buffer.from(customer).toString('base64url');
    const claim = `${name}.${Math.floor(this.now() / 1_000) + SESSION_SECONDS}`;
    return this.cookie(`${claim}.${this.sign(claim)}`, SESSION_SECONDS);
  }

  /** A `Set-Cookie` that signs out. */
  close() {
    return this.cookie('', 0);
  }

  /** @param {string | undefined} cookies of the request @returns {string | undefined} the customer who is signed in */
  customerOf(cookies = '') {
    const value = new RegExp(`(?:^|; )${COOKIE}=([\\w.-]+)`).exec(cookies)?.[1] ?? '';
    const [name = '', endsAt = '', signature = ''] = value.split('.');
    const wanted = Buffer.from(this.sign(`${name}.${endsAt}`));
    const given = Buffer.from(signature);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    return Number(endsAt) * 1_000 > this.now() ? Buffer.from(name, 'base64url').toString() : undefined;
  }

  /** @private @param {string} claim */
  sign(claim) {
    return createHmac('sha256', this.secret).update(claim).digest('base64url');
  }

  /** @private @param {string} value @param {number} maxAgeSeconds */
  cookie(value, maxAgeSeconds) {
    const secure = this.isSecure ? '; Secure' : '';
    return `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}${secure}`;
  }
}

/**
 * The same for all servers and all their lives: the first one draws it, and whoever comes second reads it.
 * @param {import('@leasehold/client').Database} registry @returns {Promise<string>}
 */
export async function sharedSecret(registry) {
  const drawn = randomBytes(SECRET_BYTES).toString('base64url');
  try {
    await registry.put(SECRET_KEY, drawn, { ifVersion: null });
    return drawn;
  } catch (error) {
    const kept = error instanceof ConflictError ? await registry.get(SECRET_KEY) : undefined;
    if (kept === undefined) throw error;
    return /** @type {string} */ (kept.value);
  }
}
