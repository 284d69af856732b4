import { hash, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { assert, type Random, type UlidSource } from '@leasehold/foundation';

/**
 * An API key's text:
 *
 *     lh _ <id: 26 characters, a ULID> _ <secret: 43 of base62> <checksum: 6 of base62>
 *
 * The id finds the key and is no secret. The secret has 256 random bits. The checksum is the CRC-32 of everything before
 * it: scanners of leaked secrets recognise a key, and a mistyped one is refused, without asking anybody.
 */
export interface ParsedApiKey {
  readonly id: string;
  readonly secret: string;
}

export interface MintedApiKey {
  readonly id: string;
  /** The whole text: shown once, stored nowhere. */
  readonly key: string;
  /** SHA-256 of the secret, 32 bytes. */
  readonly secretHash: Uint8Array;
  /** The last four characters of the text. */
  readonly lastFour: string;
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62^43 > 2^256. */
const SECRET_CHARS = 43;
/** 62^6 > 2^32. */
const CHECKSUM_CHARS = 6;
/** Bytes from here on would make the first digits likelier than the others. */
const UNBIASED_BELOW = 248;
/** Eight bytes in 256 are thrown away: twice the length falls short once in 10^50 draws. */
const DRAWN_BYTES = SECRET_CHARS * 2;
const KEY_TEXT = /^(lh_([0-7][0-9a-hjkmnp-tv-z]{25})_([0-9A-Za-z]{43}))([0-9A-Za-z]{6})$/;

/** Undefined unless `text` has the form of a key and its checksum is right. Says nothing about whether the key exists. */
export function parseApiKey(text: string): ParsedApiKey | undefined {
  const [, body, id, secret, checksum] = KEY_TEXT.exec(text) ?? [];
  if (body === undefined || id === undefined || secret === undefined) return undefined;
  return checksumOf(body) === checksum ? { id, secret } : undefined;
}

/** Whether a bearer token is meant to be an API key (and not a session's token). */
export function looksLikeApiKey(text: string): boolean {
  return text.startsWith('lh_');
}

export function mintApiKey(ids: UlidSource, random: Random): MintedApiKey {
  return mintSecret(ids.next(), random);
}

/** Another secret for the key of this id. */
export function mintSecret(id: string, random: Random): MintedApiKey {
  const secret = drawSecret(random);
  const body = `lh_${id}_${secret}`;
  const key = body + checksumOf(body);
  return { id, key, secretHash: hashSecret(secret), lastFour: key.slice(-4) };
}

export function hashSecret(secret: string): Uint8Array {
  return hash('sha256', secret, 'buffer');
}

/** Takes the same time wherever the first difference is. */
export function secretMatches(secret: string, secretHash: Uint8Array): boolean {
  const presented = hashSecret(secret);
  return presented.byteLength === secretHash.byteLength && timingSafeEqual(presented, secretHash);
}

function drawSecret(random: Random): string {
  let secret = '';
  for (const byte of random.bytes(DRAWN_BYTES)) {
    if (secret.length === SECRET_CHARS) break;
    if (byte < UNBIASED_BELOW) secret += BASE62.charAt(byte % BASE62.length);
  }
  assert(secret.length === SECRET_CHARS, 'the random source is not random');
  return secret;
}

function checksumOf(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let i = 0; i < CHECKSUM_CHARS; i++) {
    text = BASE62.charAt(rest % BASE62.length) + text;
    rest = Math.floor(rest / BASE62.length);
  }
  return text;
}
