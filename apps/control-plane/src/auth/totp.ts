import { createHmac, timingSafeEqual } from 'node:crypto';

/** RFC 6238 as every authenticator app has it: SHA-1, six digits, 30 seconds. */
const STEP_MS = 30_000;
const DIGITS = 6;
const SECRET_BYTES = 20;
/** Clocks of phones are a little off, and people type slowly: one step before and after. */
const DRIFT_STEPS = 1;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export const TOTP_SECRET_BYTES = SECRET_BYTES;

/** The code of a step (RFC 4226, 5.3). */
export function codeAt(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', secret).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 0x0f;
  const number = digest.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** Of which step near the present a code is; undefined: of none. Takes the same time wherever it is wrong. */
export function stepOf(secret: Uint8Array, code: string, nowMs: number): number | undefined {
  const present = Math.floor(nowMs / STEP_MS);
  let found: number | undefined;
  for (let step = present - DRIFT_STEPS; step <= present + DRIFT_STEPS; step++) {
    const right = Buffer.from(codeAt(secret, step));
    const shown = Buffer.from(code);
    if (shown.byteLength === right.byteLength && timingSafeEqual(shown, right)) found = step;
  }
  return found;
}

/** RFC 4648 without padding: what people type into their app by hand. */
export function toBase32(bytes: Uint8Array): string {
  let [bits, held, text] = [0, 0, ''];
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32.charAt((held >>> (bits - 5)) & 31);
  }
  return bits === 0 ? text : text + BASE32.charAt((held << (5 - bits)) & 31);
}

/** What the app reads from a QR code. */
export function keyUri(secret: Uint8Array, email: string): string {
  const query = new URLSearchParams({ secret: toBase32(secret), issuer: 'Leasehold', digits: String(DIGITS) });
  return `otpauth://totp/${encodeURIComponent(`Leasehold:${email}`)}?${query}`;
}
