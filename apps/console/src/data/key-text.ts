import { decodeKey, encodeKey, type Key, type KeyPart } from '@leasehold/client';

import { bytesOfHex, hexOf, textOf, utf8 } from './bytes.js';

/** How keys are shown and typed. */
export const KEY_VIEWS = ['text', 'tuple', 'hex'] as const;
export type KeyView = (typeof KEY_VIEWS)[number];

/** As one of them stands in a tuple that is typed. */
const PART =
  /\s*(?:("(?:[^"\\]|\\.)*")|(0x(?:[0-9a-f]{2})*)|(-?\d+)n|(-?(?:\d+\.?\d*(?:e[+-]?\d+)?|Infinity)|NaN)|(true|false))\s*(?:,|$)/iy;

/** What cannot be shown so is shown as hexadecimal digits. */
export function textOfKey(key: Uint8Array, view: KeyView): string {
  if (view === 'tuple') return tupleText(key) ?? hexOf(key);
  if (view === 'text') return textOf(key) ?? hexOf(key);
  return hexOf(key);
}

/** Undefined: what was typed is no key in this view. */
export function keyOfText(text: string, view: KeyView): Uint8Array | undefined {
  if (view === 'text') return text === '' ? undefined : utf8(text);
  if (view === 'tuple') return tupleOf(text);
  const bytes = bytesOfHex(text);
  return bytes === undefined || bytes.length === 0 ? undefined : bytes;
}

/** The view that shows all of them as what they probably are. */
export function viewFor(keys: readonly Uint8Array[]): KeyView {
  if (keys.length === 0) return 'text';
  if (keys.every((key) => tupleText(key) !== undefined)) return 'tuple';
  return keys.every((key) => textOf(key) !== undefined) ? 'text' : 'hex';
}

/** `["users", 17, 5n, 0x00ff, true]`: a number with `n` is a bigint, `0x` begins bytes. Undefined: it is no tuple. */
export function tupleText(key: Uint8Array): string | undefined {
  try {
    return `[${decodeKey(key).map(textOfPart).join(', ')}]`;
  } catch {
    return undefined;
  }
}

export function textOfPart(part: KeyPart): string {
  if (typeof part === 'string') return JSON.stringify(part);
  if (typeof part === 'bigint') return `${part}n`;
  if (part instanceof Uint8Array) return `0x${hexOf(part).replaceAll(' ', '')}`;
  return Object.is(part, -0) ? '-0' : String(part);
}

function tupleOf(text: string): Uint8Array | undefined {
  const inside = /^\s*\[(.*)\]\s*$/s.exec(text)?.[1]?.trimEnd();
  if (inside === undefined || inside.trim() === '') return undefined;
  const parts: KeyPart[] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < inside.length) {
    const found = PART.exec(inside);
    if (found === null) return undefined;
    const part = partOf(found);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  try {
    return encodeKey(parts as Key);
  } catch {
    return undefined;
  }
}

function partOf([, string, bytes, bigint, number, truth]: RegExpExecArray): KeyPart | undefined {
  if (string !== undefined) {
    try {
      return JSON.parse(string) as string;
    } catch {
      return undefined;
    }
  }
  if (bytes !== undefined) return bytesOfHex(bytes.slice(2));
  if (bigint !== undefined) return BigInt(bigint);
  if (number !== undefined) return Number(number);
  return truth === undefined ? undefined : truth.toLowerCase() === 'true';
}
