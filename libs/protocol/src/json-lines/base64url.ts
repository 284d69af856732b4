/** Arguments of one call: engines take some ten thousand. */
const CHUNK_BYTES = 8_192;

/** Unpadded base64url, by what browsers and Node have in common. */
export function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES));
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Undefined unless `text` is canonical unpadded base64url: every byte string has exactly one spelling. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  let binary: string;
  try {
    binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return undefined;
  }
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  // Padding, the other alphabet, blanks, and last bits that are not zero are read by `atob`, and written otherwise.
  return toBase64Url(bytes) === text ? bytes : undefined;
}
