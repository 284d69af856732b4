const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const utf8 = (text) => encoder.encode(text);

/** Undefined when the bytes are not UTF-8. */
export function textOf(bytes) {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function toBase64(bytes) {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export function toBase64Url(bytes) {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Bytes for people: text where it is printable, \xNN elsewhere. At most `limit` bytes are looked at. */
export function shown(bytes, limit = 2_048) {
  const head = bytes.subarray(0, limit);
  const text = textOf(head);
  if (text !== undefined) return text.replace(/\p{Cc}/gu, escaped);
  return Array.from(head, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : hex(byte))).join('');
}

function escaped(character) {
  const named = { '\n': '↵', '\t': '⇥' }[character];
  return named ?? hex(character.charCodeAt(0));
}

function hex(byte) {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

export function sizeOf(bytes) {
  const { byteLength } = bytes;
  return byteLength < 1_024 ? `${byteLength} B` : `${(byteLength / 1_024).toFixed(byteLength < 10_240 ? 1 : 0)} KiB`;
}
