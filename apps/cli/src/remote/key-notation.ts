import type { Key } from '@leasehold/client';
import { decodeKey, encodeKey } from '@leasehold/client';
import { decodeUtf8, fromBase64Url, toBase64Url, utf8 } from '@leasehold/foundation';

import { CliError } from '../cli-error.js';
import { onOneLine } from './output.js';

/** How keys are written on the command line: as text, as unpadded base64url of any bytes, or as a JSON array, the keys of the SDK and of Deno KV. */
export const KEY_NOTATIONS = ['text', 'base64', 'tuple'] as const;
export type KeyNotation = (typeof KEY_NOTATIONS)[number];

/** A part of a tuple that JSON has no word for. */
interface OtherPart {
  readonly bigint?: unknown;
  readonly bytes64?: unknown;
}

/** @throws CliError */
export function parseKey(argument: string, notation: KeyNotation): Uint8Array {
  if (notation === 'text') return utf8(argument);
  if (notation === 'tuple') return encodeKey(parseTuple(argument));
  const bytes = fromBase64Url(argument);
  if (bytes === undefined) throw new CliError('the key is not unpadded base64url');
  return bytes;
}

/** As {@link parseKey} reads it; a key that cannot be written so is marked by its notation: `base64:…`. */
export function formatKey(key: Uint8Array, notation: KeyNotation): string {
  if (notation === 'base64') return toBase64Url(key);
  const text = notation === 'text' ? decodeUtf8(key) : formatTuple(key);
  return text ?? `base64:${toBase64Url(key)}`;
}

/** A key inside of JSON: one that is no text stands in `key64` where keys are texts, as a line of an import has it. */
export function keyMember(name: string, key: Uint8Array, notation: KeyNotation): Readonly<Record<string, string>> {
  if (notation === 'text' && decodeUtf8(key) === undefined) return { [`${name}64`]: toBase64Url(key) };
  return { [name]: formatKey(key, notation) };
}

/** A key in a line for people, whole, with nothing in it that would leave the line. */
export function shownKey(key: Uint8Array, notation: KeyNotation): string {
  return onOneLine(formatKey(key, notation));
}

function parseTuple(argument: string): Key {
  const wrong = new CliError(
    'the key is not a JSON array of strings, numbers, booleans, {"bigint":"…"} and {"bytes64":"…"}, such as \'["users",1]\'',
  );
  let parts: unknown;
  try {
    parts = JSON.parse(argument);
  } catch {
    throw wrong;
  }
  if (!Array.isArray(parts)) throw wrong;
  return parts.map((part: unknown) => {
    if (typeof part === 'string' || typeof part === 'number' || typeof part === 'boolean') return part;
    const { bigint, bytes64 } = (part ?? {}) as OtherPart;
    if (typeof bigint === 'string' && /^-?\d+$/.test(bigint)) return BigInt(bigint);
    const bytes = typeof bytes64 === 'string' ? fromBase64Url(bytes64) : undefined;
    if (bytes === undefined) throw wrong;
    return bytes;
  });
}

function formatTuple(key: Uint8Array): string | undefined {
  let parts: Key;
  try {
    parts = decodeKey(key);
  } catch {
    return undefined;
  }
  return JSON.stringify(parts, (_name, part: unknown) => {
    if (typeof part === 'bigint') return { bigint: String(part) };
    return part instanceof Uint8Array ? { bytes64: toBase64Url(part) } : part;
  });
}
