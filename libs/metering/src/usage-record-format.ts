import { gunzipSync, gzipSync } from 'node:zlib';

import { assert, CorruptBytesError, decodeUtf8, isDatabaseId, isSessionId, utf8 } from '@leasehold/foundation';

import {
  hourOf,
  type DatabaseUsage,
  type ReadUsage,
  type SizeMark,
  type UsageRecord,
  type WriteCounter,
  type WriteInterval,
} from './usage-record.js';

export const USAGE_FORMAT = 1;
/** Unpacked; a worker begins another record before. */
export const MAX_RECORD_BYTES = 64 * 1024 * 1024;
/** Ids of keys and of identity providers. */
const KEY = /^[\x21-\x7e]{1,64}$/;
/** The last ms of the year 9999: every time of a record is one for whoever reads it, Postgres above all. */
export const MAX_TIME_MS = 253_402_300_799_999;

type Line = Readonly<Record<string, unknown>>;

/**
 * A record as bytes: lines of JSON in gzip, so that whoever doubts a bill can read it with what every system has. The same record always gives the same lines.
 *
 *     {"format":1,"session":"…","number":7,"from":…,"to":…,"databases":2}
 *     {"database":"…","writes":[[hour,[commits,units],[commits,units]],…],"reads":[[hour,key,requests,units,bytes],…],"sizes":[[at,bytes],…]}
 *     …
 */
export function encodeUsageRecord({ session, number, from, to, databases }: UsageRecord): Uint8Array {
  const first = { format: USAGE_FORMAT, session, number, from, to, databases: databases.length };
  const lines = [first, ...databases.map(lineOf)].map((line) => `${JSON.stringify(line)}\n`).join('');
  assert(lines.length <= MAX_RECORD_BYTES, 'a record has a bounded size');
  return gzipSync(utf8(lines));
}

/** @throws CorruptBytesError for everything that {@link encodeUsageRecord} does not write */
export function decodeUsageRecord(bytes: Uint8Array): UsageRecord {
  const [first, ...rest] = linesOf(bytes);
  const { format, session, number, from, to, databases: count } = first ?? {};
  if (format !== USAGE_FORMAT) throw corrupt('its format is not known');
  if (typeof session !== 'string' || !isSessionId(session)) throw corrupt('its session is none');
  if (rest.length !== count) throw corrupt('it has another number of databases than it says');
  const databases = rest.map(databaseOf);
  if (databases.some(({ database }, i) => i > 0 && database <= (databases[i - 1]?.database ?? ''))) {
    throw corrupt('its databases are out of order');
  }
  const record = { session, number: count1(number), from: time(from), to: time(to), databases };
  if (record.from > record.to) throw corrupt('its time goes back');
  return record;
}

function lineOf({ database, writes, reads, sizes }: DatabaseUsage): Line {
  const counter = ({ commits, writeUnits }: WriteCounter) => [commits, writeUnits];
  return {
    database,
    writes: writes.map(({ hour, from, to }) => [hour, counter(from), counter(to)]),
    reads: reads.map(({ hour, key, requests, readUnits, egressBytes }) => [
      hour,
      key,
      requests,
      readUnits,
      egressBytes,
    ]),
    sizes: sizes.map(({ at, bytes }) => [at, bytes]),
  };
}

function linesOf(bytes: Uint8Array): readonly Line[] {
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

function databaseOf({ database, writes, reads, sizes }: Line): DatabaseUsage {
  if (typeof database !== 'string' || !isDatabaseId(database)) throw corrupt('a database is none');
  return {
    database,
    writes: arrayOf(writes).map(writeOf),
    reads: arrayOf(reads).map(readOf),
    sizes: arrayOf(sizes).map(sizeOf),
  };
}

function writeOf(value: unknown): WriteInterval {
  const [hour, from, to] = arrayOf(value, 3);
  const interval = { hour: hourIn(hour), from: counterOf(from), to: counterOf(to) };
  if (interval.from.commits >= interval.to.commits || interval.from.writeUnits > interval.to.writeUnits) {
    throw corrupt('an interval of commits is empty, or goes back');
  }
  return interval;
}

function counterOf(value: unknown): WriteCounter {
  const [commits, writeUnits] = arrayOf(value, 2);
  return { commits: whole(commits), writeUnits: whole(writeUnits) };
}

function readOf(value: unknown): ReadUsage {
  const [hour, key, requests, readUnits, egressBytes] = arrayOf(value, 5);
  if (key !== null && (typeof key !== 'string' || !KEY.test(key))) throw corrupt('a key is none');
  return {
    hour: hourIn(hour),
    key,
    requests: whole(requests),
    readUnits: whole(readUnits),
    egressBytes: whole(egressBytes),
  };
}

function sizeOf(value: unknown): SizeMark {
  const [at, bytes] = arrayOf(value, 2);
  return { at: time(at), bytes: whole(bytes) };
}

function objectOf(value: unknown): Line {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Line;
  throw corrupt('a line is no object');
}

function arrayOf(value: unknown, length?: number): readonly unknown[] {
  if (Array.isArray(value) && (length === undefined || value.length === length)) return value as readonly unknown[];
  throw corrupt('a list is none, or has another length');
}

function whole(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw corrupt('a number is no whole one');
}

function time(value: unknown): number {
  const ms = whole(value);
  if (ms <= MAX_TIME_MS) return ms;
  throw corrupt('a time is none');
}

function hourIn(value: unknown): number {
  const hour = whole(value);
  if (hour <= hourOf(MAX_TIME_MS)) return hour;
  throw corrupt('an hour is none');
}

function count1(value: unknown): number {
  const number = whole(value);
  if (number > 0) return number;
  throw corrupt('its number is none');
}

function corrupt(why: string): CorruptBytesError {
  return new CorruptBytesError(`a usage record cannot be read: ${why}`);
}
