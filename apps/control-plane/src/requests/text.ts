import { z } from 'zod';

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Neither NUL, which Postgres refuses, nor half of a character, which UTF-8 cannot say. */
export function isCleanText(text: string): boolean {
  return !text.includes('\0') && !LONE_SURROGATE.test(text);
}

/** A name that people give: trimmed, `min` to `max` characters, in one line. */
export function nameOf(min: number, max: number) {
  return z
    .string()
    .max(max * 4, `must have at most ${max} characters`)
    .trim()
    .refine((text) => isCleanText(text) && !CONTROL.test(text), 'must not hold control characters')
    .refine((text) => [...text].length >= min, `must have at least ${min} character${min === 1 ? '' : 's'}`)
    .refine((text) => [...text].length <= max, `must have at most ${max} characters`);
}

/** RFC 5321 allows no more. */
const EMAIL_CHARS = 254;

/** Lower-cased: addresses that differ only so are one account. */
export const emailAddress = z
  .string()
  .max(EMAIL_CHARS, `must have at most ${EMAIL_CHARS} characters`)
  .trim()
  .toLowerCase()
  .pipe(z.email('must be an e-mail address'));
