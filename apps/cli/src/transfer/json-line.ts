import { decodeUtf8, fromBase64Url, toBase64Url, utf8 } from '@leasehold/foundation';

import { memberSource } from './member-source.js';

/**
 * An entry as one line of JSON: `{"key":"…","value":"…"}`. What is no UTF-8 text stands as `key64` and `value64`, unpadded base64url.
 * Read are also `json` in place of `value` (any JSON, stored as it is written but for white space) and `expiresAt` (RFC 3339).
 */
export interface LineEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly expiresAt?: number;
}

const MEMBERS = ['key', 'key64', 'value', 'value64', 'json', 'expiresAt', 'version'];
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

export function formatLine(key: Uint8Array, value: Uint8Array): string {
  return JSON.stringify({ ...textOrBytes('key', key), ...textOrBytes('value', value) });
}

/** @throws Error saying what is wrong with the line, without its content */
export function parseLine(line: string): LineEntry {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new Error('is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('is not a JSON object');
  const members = parsed as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(members).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) throw new Error(`has a member that is not known; known are ${MEMBERS.join(', ')}`);
  const key = oneOf(members, ['key', 'key64']);
  const values = ['value', 'value64', 'json'];
  const isJson = Object.hasOwn(members, 'json') && given(members, values).length === 1;
  const value = isJson ? utf8(memberSource(line, 'json') as string) : oneOf(members, values);
  return { key, value, ...expiryOf(members['expiresAt']) };
}

function textOrBytes(name: 'key' | 'value', bytes: Uint8Array): Record<string, string> {
  const text = decodeUtf8(bytes);
  return text === undefined ? { [`${name}64`]: toBase64Url(bytes) } : { [name]: text };
}

function given(members: Readonly<Record<string, unknown>>, names: readonly string[]): readonly string[] {
  return names.filter((name) => Object.hasOwn(members, name));
}

function oneOf(members: Readonly<Record<string, unknown>>, names: readonly string[]): Uint8Array {
  const [name, another] = given(members, names);
  if (name === undefined || another !== undefined) throw new Error(`needs one of ${names.join(', ')}`);
  const value = members[name];
  if (typeof value !== 'string') throw new Error(`has a ${name} that is not a string`);
  if (!name.endsWith('64')) {
    if (/\p{Surrogate}/u.test(value)) throw new Error(`has half a surrogate pair in ${name}`);
    return utf8(value);
  }
  const bytes = fromBase64Url(value);
  if (bytes === undefined) throw new Error(`has a ${name} that is not unpadded base64url`);
  return bytes;
}

function expiryOf(text: unknown): { readonly expiresAt?: number } {
  if (text === undefined) return {};
  const expiresAt = typeof text === 'string' && TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(expiresAt)) throw new Error('has an expiresAt that is not a time of RFC 3339');
  return { expiresAt };
}
