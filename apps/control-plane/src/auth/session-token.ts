import { createHmac } from 'node:crypto';

/**
 * What the bearer of a session shows: its token, and with it a signature under AUTH_SECRET, as cookies carry both (`token.signature`). Of the two
 * the table of sessions has the token alone: whoever reads it, or a backup of it, acts for nobody.
 */
export function signedToken(stored: string, authSecret: string): string {
  return `${stored}.${createHmac('sha256', authSecret).update(stored).digest('base64')}`;
}

/** The part of it that the table of sessions has. */
export function storedToken(signed: string): string {
  return signed.slice(0, signed.lastIndexOf('.'));
}
