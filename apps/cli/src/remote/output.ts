import { once } from 'node:events';

import { decodeUtf8, toBase64Url } from '@leasehold/foundation';

/** Where results go: for people as lines, with `--json` as one line of JSON for each thing. */
export interface Output {
  readonly json: boolean;
  /** Resolves when the reader keeps up: nothing piles up here. */
  line(text: string): Promise<void>;
  bytes(bytes: Uint8Array): Promise<void>;
  say(text: string): void;
}

/** A reader that has seen enough (`| head`) ends the command, and not with a failure. */
export function openOutput(json: boolean): Output {
  const { stdout, stderr } = process;
  stdout.removeAllListeners('error').on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  const write = async (chunk: string | Uint8Array): Promise<void> => {
    if (!stdout.write(chunk)) await once(stdout, 'drain');
  };
  return {
    json,
    line: (text) => write(`${text}\n`),
    bytes: write,
    say: (text) => void stderr.write(`leasehold: ${text}\n`),
  };
}

/** A value inside of JSON: as text where it is one. */
export function valueMember(value: Uint8Array): { readonly value: string } | { readonly value64: string } {
  const text = decodeUtf8(value);
  return text === undefined ? { value64: toBase64Url(value) } : { value: text };
}

/** A text in a line for people: what would leave the line or move the cursor is shown by its number. */
export function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}

/** The beginning of a value in a line for people. */
export function shownValue(value: Uint8Array, maxChars: number): string {
  const text = decodeUtf8(value);
  if (text === undefined) return `${value.byteLength} bytes`;
  const oneLine = onOneLine(text.slice(0, maxChars + 1));
  return oneLine.length > maxChars ? `${oneLine.slice(0, maxChars)}…` : oneLine;
}
