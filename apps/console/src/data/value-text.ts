import { bytesOfHex, hexOf, textOf, utf8 } from './bytes.js';

/** How values are shown and typed. */
export const VALUE_VIEWS = ['text', 'json', 'hex'] as const;
export type ValueView = (typeof VALUE_VIEWS)[number];

/** Of a row; longer ones are cut. */
const PREVIEW_BYTES = 200;
const INDENT = 2;

/** What a value probably is. */
export function viewOfValue(value: Uint8Array): ValueView {
  const text = textOf(value);
  if (text === undefined || value.some(isControl)) return 'hex';
  return isStructured(text) ? 'json' : 'text';
}

/** Undefined: it cannot be shown so. JSON is laid out; what cannot be written again digit for digit stays as it stands. */
export function textOfValue(value: Uint8Array, view: ValueView): string | undefined {
  if (view === 'hex') return hexOf(value);
  const text = textOf(value);
  return text === undefined || view === 'text' ? text : laidOut(text);
}

/** Undefined: what was typed is no value in this view. */
export function valueOfText(text: string, view: ValueView): Uint8Array | undefined {
  if (view === 'hex') return bytesOfHex(text);
  return view === 'text' || parsed(text) !== undefined ? utf8(text) : undefined;
}

/** The beginning of it, on one line. */
export function previewOf(value: Uint8Array): string {
  const head = value.subarray(0, PREVIEW_BYTES);
  const more = value.length > PREVIEW_BYTES ? '…' : '';
  if (viewOfValue(value) === 'hex') return hexOf(head) + more;
  // A cut may go through a character.
  const text = new TextDecoder().decode(head).replace(/\uFFFD$/, '');
  return text.replace(/\s+/g, ' ') + more;
}

/** Of ASCII, other than those that lay out text. */
function isControl(byte: number): boolean {
  return byte < 0x20 && (byte < 0x09 || byte > 0x0d);
}

function isStructured(text: string): boolean {
  return /^\s*[[{]/.test(text) && parsed(text) !== undefined;
}

/** Layout is all that changes: a number with more digits than a number of JavaScript has would be another one. */
function laidOut(text: string): string | undefined {
  const found = parsed(text);
  if (found === undefined) return undefined;
  return JSON.stringify(found.value) === text.trim() ? JSON.stringify(found.value, undefined, INDENT) : text;
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
