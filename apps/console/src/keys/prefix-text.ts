/** A prefix of keys as it is told to people: its text, or its bytes where it is none. @param prefix64 base64url */
export function textOfPrefix(prefix64: string): string {
  const binary = atob(prefix64.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  try {
    return `“${new TextDecoder('utf-8', { fatal: true }).decode(bytes)}”`;
  } catch {
    return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  }
}
