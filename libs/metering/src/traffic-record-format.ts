import { isDatabaseId, PHASES, type Phase } from '@leasehold/foundation';

import { LATENCY_BUCKETS, type Latency } from './latency.js';
import { arrayOf, corrupt, headOf, linesOf, MAX_TIME_MS, objectOf, packed, whole, type Line } from './record-lines.js';
import { minuteOf, type DatabaseMinute, type TrafficRecord } from './traffic.js';

export const TRAFFIC_FORMAT = 1;

/**
 * A record as bytes: lines of JSON in gzip, as those of usage. The same record always gives the same lines.
 *
 *     {"format":1,"session":"…","number":7,"from":…,"to":…,"databases":1,"others":0}
 *     {"database":"…","minute":…,"requests":3,"errors":0,"coldStarts":1,"coldPhases":{"open":26200},"latency":[[bucket,count],…]}
 *     …
 */
export function encodeTrafficRecord({ session, number, from, to, minutes, others }: TrafficRecord): Uint8Array {
  const first = { format: TRAFFIC_FORMAT, session, number, from, to, databases: minutes.length, others };
  return packed([first, ...minutes.map(lineOf)]);
}

/** @throws CorruptBytesError for everything that {@link encodeTrafficRecord} does not write; LaterFormatError: a later version wrote it */
export function decodeTrafficRecord(bytes: Uint8Array): TrafficRecord {
  const [first, ...rest] = linesOf(bytes);
  const head = headOf(first, TRAFFIC_FORMAT);
  if (rest.length !== first?.['databases']) throw corrupt('it has another number of databases than it says');
  const minutes = rest.map(minuteIn);
  if (minutes.some((each, i) => i > 0 && !isBehind(each, minutes[i - 1] as DatabaseMinute))) {
    throw corrupt('its databases are out of order');
  }
  return { ...head, minutes, others: whole(first['others']) };
}

function lineOf({ database, minute, requests, errors, coldStarts, coldPhases, latency }: DatabaseMinute): Line {
  const phases = Object.fromEntries(PHASES.flatMap((phase) => (coldPhases[phase] ? [[phase, coldPhases[phase]]] : [])));
  const buckets = [...latency].sort(([a], [b]) => a - b);
  return { database, minute, requests, errors, coldStarts, coldPhases: phases, latency: buckets };
}

function minuteIn(line: Line): DatabaseMinute {
  const { database, minute, requests, errors, coldStarts, coldPhases, latency } = line;
  if (typeof database !== 'string' || !isDatabaseId(database)) throw corrupt('a database is none');
  if (whole(minute) > minuteOf(MAX_TIME_MS)) throw corrupt('a minute is none');
  return {
    database,
    minute: whole(minute),
    requests: whole(requests),
    errors: whole(errors),
    coldStarts: whole(coldStarts),
    coldPhases: phasesIn(coldPhases),
    latency: latencyIn(latency),
  };
}

/** Those that this version does not know are left out: another one may know more. */
function phasesIn(value: unknown): Partial<Record<Phase, number>> {
  const told = objectOf(value);
  return Object.fromEntries(PHASES.flatMap((phase) => (phase in told ? [[phase, whole(told[phase])]] : [])));
}

function latencyIn(value: unknown): Latency {
  const latency = new Map<number, number>();
  for (const each of arrayOf(value)) {
    const [bucket, count] = arrayOf(each, 2);
    if (whole(bucket) >= LATENCY_BUCKETS) throw corrupt('a bucket is none');
    latency.set(whole(bucket), whole(count));
  }
  return latency;
}

function isBehind(each: DatabaseMinute, before: DatabaseMinute): boolean {
  return each.minute > before.minute || (each.minute === before.minute && each.database > before.database);
}
