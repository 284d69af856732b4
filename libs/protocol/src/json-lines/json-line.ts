import { LIMITS } from '../limits.js';
import { fromBase64Url, toBase64Url } from './base64url.js';
import { memberSource } from './member-source.js';

/** The largest value, each of its bytes escaped as six characters, and its key. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024;

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

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
  const value = isJson ? UTF8.encode(memberSource(line, 'json') as string) : oneOf(members, values);
  return { key, value, ...expiryOf(members['expiresAt']) };
}

/**
 * Bytes of key and value.
 * @throws Error saying what of it no database takes
 */
export function sizeOfEntry({ key, value }: Pick<LineEntry, 'key' | 'value'>): number {
  const { keyBytes, valueBytes } = LIMITS;
  if (key.byteLength === 0 || key.byteLength > keyBytes) {
    throw new Error(`has a key of ${key.byteLength} bytes; 1 to ${keyBytes} are possible`);
  }
  if (value.byteLength > valueBytes) {
    throw new Error(`has a value of ${value.byteLength} bytes; up to ${valueBytes} are possible`);
  }
  return key.byteLength + value.byteLength;
}

function textOrBytes(name: 'key' | 'value', bytes: Uint8Array): Record<string, string> {
  const text = textOf(bytes);
  return text === undefined ? { [`${name}64`]: toBase64Url(bytes) } : { [name]: text };
}

/** Undefined: it is not UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return TEXT.decode(bytes);
  } catch {
    return undefined;
  }
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
    return UTF8.encode(value);
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
