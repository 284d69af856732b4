import { gunzipSync, gzipSync } from 'node:zlib';

import {
  assert,
  CorruptBytesError,
  decodeUtf8,
  isSessionId,
  LeaseholdError,
  utf8,
  type SessionId,
} from '@leasehold/foundation';

/** Records are lines of JSON in gzip, so that whoever doubts what they say can read them with what every system has. */
export type Line = Readonly<Record<string, unknown>>;

/** Unpacked; who records begins another record before. */
export const MAX_RECORD_BYTES = 64 * 1024 * 1024;
/** The last ms of the year 9999: every time of a record is one for whoever reads it, Postgres above all. */
export const MAX_TIME_MS = 253_402_300_799_999;

/** A later version wrote the record. It is not damaged: who passed over it would never count what it says. Such a version reads it. */
export class LaterFormatError extends LeaseholdError {
  constructor(knownFormat: number) {
    super(
      'unavailable',
      'unavailable',
      `a record has a later format than ${knownFormat}: a later version has to read it`,
    );
  }
}

/** The same lines always give the same bytes. */
export function packed(all: readonly Line[]): Uint8Array {
  const lines = all.map((line) => `${JSON.stringify(line)}\n`).join('');
  assert(lines.length <= MAX_RECORD_BYTES, 'a record has a bounded size');
  return gzipSync(utf8(lines));
}

/** What the first line of every record says, `format` in every version. @throws CorruptBytesError, LaterFormatError */
export function headOf(first: Line | undefined, knownFormat: number) {
  const { format, session, number, from, to } = first ?? {};
  if (typeof format === 'number' && Number.isSafeInteger(format) && format > knownFormat) {
    throw new LaterFormatError(knownFormat);
  }
  if (format !== knownFormat) throw corrupt('its format is not known');
  if (typeof session !== 'string' || !isSessionId(session)) throw corrupt('its session is none');
  const head = { session: session as SessionId, number: recordNumber(number), from: time(from), to: time(to) };
  if (head.from > head.to) throw corrupt('its time goes back');
  return head;
}

export function linesOf(bytes: Uint8Array): readonly Line[] {
  try {
    const text = decodeUtf8(gunzipSync(bytes, { maxOutputLength: MAX_RECORD_BYTES }));
    if (text === undefined || !text.endsWith('\n')) throw corrupt('it is cut off');
    return text
      .slice(0, -1)
      .split('\n')
      .map((line) => objectOf(JSON.parse(line)));
  } catch (error) {
    if (error instanceof CorruptBytesError) throw error;
    throw corrupt('it is no gzip of lines of JSON');
  }
}

export function objectOf(value: unknown): Line {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Line;
  throw corrupt('a line is no object');
}

export function arrayOf(value: unknown, length?: number): readonly unknown[] {
  if (Array.isArray(value) && (length === undefined || value.length === length)) return value as readonly unknown[];
  throw corrupt('a list is none, or has another length');
}

export function whole(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw corrupt('a number is no whole one');
}

export function time(value: unknown): number {
  const ms = whole(value);
  if (ms <= MAX_TIME_MS) return ms;
  throw corrupt('a time is none');
}

function recordNumber(value: unknown): number {
  const number = whole(value);
  if (number > 0) return number;
  throw corrupt('its number is none');
}

export function corrupt(why: string): CorruptBytesError {
  return new CorruptBytesError(`a record cannot be read: ${why}`);
}
