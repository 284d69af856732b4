import { isDatabaseId } from '@leasehold/foundation';

import { arrayOf, corrupt, headOf, linesOf, packed, time, whole, MAX_TIME_MS, type Line } from './record-lines.js';
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
/** Ids of keys and of identity providers. */
const KEY = /^[\x21-\x7e]{1,64}$/;
/**
 * A record as bytes: lines of JSON in gzip, so that whoever doubts a bill can read it with what every system has. The same record always gives the same lines.
 *
 *     {"format":1,"session":"…","number":7,"from":…,"to":…,"databases":2}
 *     {"database":"…","writes":[[hour,[commits,units],[commits,units]],…],"reads":[[hour,key,requests,units,bytes],…],"sizes":[[at,bytes],…]}
 *     …
 */
export function encodeUsageRecord({ session, number, from, to, databases }: UsageRecord): Uint8Array {
  const first = { format: USAGE_FORMAT, session, number, from, to, databases: databases.length };
  return packed([first, ...databases.map(lineOf)]);
}

/** @throws CorruptBytesError for everything that {@link encodeUsageRecord} does not write; LaterFormatError: a later version wrote it */
export function decodeUsageRecord(bytes: Uint8Array): UsageRecord {
  const [first, ...rest] = linesOf(bytes);
  const head = headOf(first, USAGE_FORMAT);
  if (rest.length !== first?.['databases']) throw corrupt('it has another number of databases than it says');
  const databases = rest.map(databaseOf);
  if (databases.some(({ database }, i) => i > 0 && database <= (databases[i - 1]?.database ?? ''))) {
    throw corrupt('its databases are out of order');
  }
  return { ...head, databases };
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

function hourIn(value: unknown): number {
  const hour = whole(value);
  if (hour <= hourOf(MAX_TIME_MS)) return hour;
  throw corrupt('an hour is none');
}
