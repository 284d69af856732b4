import { InvalidError } from './errors.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Arguments of one call: engines take some ten thousand. */
const CHUNK_BYTES = 8192;

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** @throws TypeError where it is no UTF-8 */
export function textOfUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The bytes of a value, copied where fetch would not take them: no shared memory. @throws InvalidError it is none of bytes */
export function valueBytes(value: unknown): Uint8Array<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    const view = new Uint8Array(buffer, byteOffset, byteLength);
    return isBuffer(buffer) ? (view as Uint8Array<ArrayBuffer>) : new Uint8Array(view);
  }
  if (isBuffer(value)) return new Uint8Array(value);
  throw new InvalidError({ code: 'invalid-value', message: 'a value is bytes: a Uint8Array, or an ArrayBuffer' });
}

/** Also one of another realm, as a frame of a page has it. */
function isBuffer(value: unknown): value is ArrayBuffer {
  return Object.prototype.toString.call(value) === '[object ArrayBuffer]';
}

/** Unpadded base64url. */
export function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES));
  }
  return btoa(binary).replace(/[+/=]/g, (sign) => (sign === '+' ? '-' : sign === '/' ? '_' : ''));
}

/** Of either alphabet, padded or not. @throws where it is neither */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replace(/[-_]/g, (sign) => (sign === '-' ? '+' : '/')));
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** Negative, zero or positive: as unsigned bytes, a prefix before what it begins. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function concatBytes(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The first key that does not begin so; undefined: there is none. */
export function prefixEnd(prefix: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const last = prefix.findLastIndex((byte) => byte !== 0xff);
  if (last < 0) return undefined;
  // Not by `slice`: that of a Node `Buffer` is no copy.
  const end = new Uint8Array(prefix.subarray(0, last + 1));
  end[last] = (end[last] ?? 0) + 1;
  return end;
}
