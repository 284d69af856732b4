import type { DatabaseId, Phase, SessionId } from '@leasehold/foundation';

import { mergeLatencies, type Latency } from './latency.js';

/** What requests to a database came to in some time. Two of them are merged by adding up. */
export interface Traffic {
  readonly requests: number;
  /** Of them, those that failed for what is not their sender's doing: status 500 and above. */
  readonly errors: number;
  /** Of them, those that met a database that was not open. */
  readonly coldStarts: number;
  /** Whole µs of the cold starts in each phase; those that none was in are left out. */
  readonly coldPhases: Readonly<Partial<Record<Phase, number>>>;
  readonly latency: Latency;
}

export interface DatabaseMinute extends Traffic {
  readonly database: DatabaseId;
  /** Whole minutes since the Unix epoch. */
  readonly minute: number;
}

/** What one gateway saw, as it stands in the bucket under `traffic/<session>/<number>` (docs/formats/traffic.md). */
export interface TrafficRecord {
  readonly session: SessionId;
  /** Of the session's records, from 1 on, without gaps. With the session it names the record: it counts once, however often it is read. */
  readonly number: number;
  /** Wall ms since the Unix epoch, of the gateway's clock. */
  readonly from: number;
  readonly to: number;
  /** By minute and ascending id, each once. */
  readonly minutes: readonly DatabaseMinute[];
  /** Requests to databases for which there was no room. */
  readonly others: number;
}

export const MINUTE_MS = 60_000;

/** Whole minutes since the Unix epoch. */
export function minuteOf(timeMs: number): number {
  return Math.floor(timeMs / MINUTE_MS);
}

/** Of all of it together. */
export function mergeTraffic(all: readonly Traffic[]): Traffic {
  const coldPhases: Partial<Record<Phase, number>> = {};
  for (const one of all) {
    for (const [phase, us] of Object.entries(one.coldPhases) as [Phase, number][]) {
      coldPhases[phase] = (coldPhases[phase] ?? 0) + us;
    }
  }
  const sum = (member: 'requests' | 'errors' | 'coldStarts') => all.reduce((total, one) => total + one[member], 0);
  return {
    requests: sum('requests'),
    errors: sum('errors'),
    coldStarts: sum('coldStarts'),
    coldPhases,
    latency: mergeLatencies(all.map(({ latency }) => latency)),
  };
}
