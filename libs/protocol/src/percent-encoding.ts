const HEX = /^[0-9a-fA-F]{2}$/;

/**
 * Decodes a part of a request target to bytes. The text is as Node gives it: one character per byte received. `%XX`
 * becomes that byte, any other byte stays itself, so that a key may hold bytes that are no UTF-8.
 * Undefined for a `%` without two hexadecimal digits and for characters that cannot come from one byte.
 */
export function percentDecode(text: string): Uint8Array | undefined {
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    let byte = text.charCodeAt(i);
    if (byte === 0x25) {
      const digits = text.slice(i + 1, i + 3);
      if (!HEX.test(digits)) return undefined;
      byte = Number.parseInt(digits, 16);
      i += 2;
    }
    if (byte > 0xff) return undefined;
    bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}

/** Every byte but the unreserved characters of RFC 3986 as `%XX`: any bytes survive any URL parser, except `.` and `..` alone. */
export function percentEncode(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    text += /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
