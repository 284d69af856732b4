import { textOf } from './bytes.js';
import { textOfValue, valueOfText, viewOfValue, type ValueView } from './value-text.js';

/** A value as it is being typed. */
export interface ValueDraft {
  readonly view: ValueView;
  readonly text: string;
  /** How its lines end when it is written: a field in which one types knows `\n` alone, and takes any other for it. `\n` by default. */
  readonly lineEnd?: '\r\n' | undefined;
}

/** Of a value that is there, in the view that it is probably meant in. */
export function draftOf(value: Uint8Array): ValueDraft {
  return draftIn(value, viewOfValue(value)) ?? { view: 'hex', text: textOfValue(value, 'hex') ?? '' };
}

/** Undefined: it cannot be shown so, or not be written again as it was: lines of it end in several ways. */
export function draftIn(value: Uint8Array, view: ValueView): ValueDraft | undefined {
  const text = textOfValue(value, view);
  if (text === undefined || view === 'hex') return text === undefined ? undefined : { view, text };
  const ends = new Set((textOf(value) ?? '').match(/\r\n|\r|\n/g));
  if (ends.size > 1 || ends.has('\r')) return undefined;
  return { view, text, lineEnd: ends.has('\r\n') ? '\r\n' : undefined };
}

/** Undefined: what was typed is no value in its view. */
export function valueOfDraft({ view, text, lineEnd }: ValueDraft): Uint8Array | undefined {
  return valueOfText(lineEnd === undefined || view === 'hex' ? text : text.replaceAll(/\r?\n/g, lineEnd), view);
}
