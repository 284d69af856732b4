import type { Phase, Phases, PhaseTimes } from '@leasehold/foundation';
import { PHASES } from '@leasehold/foundation';

import { hopTimes } from '../timing/gateway-timing.js';

/** When what happened to one request, on a monotonic clock. */
export interface ExchangeMoments {
  readonly beganMs: number;
  readonly admittedMs: number;
  /** When its body was there. */
  readonly readMs: number;
  /** When the first attempt was over; undefined where there was none. */
  readonly answeredMs: number | undefined;
  /** What the worker tells of its part, where its answer is the one that the client gets. */
  readonly hopPhases: string | undefined;
  /** All since the body was there, where the first attempt was not all. */
  readonly further: Phases | undefined;
}

/** Of the request whose answer is being written: used again for the next one, before anybody else has a turn. */
const spent = Object.fromEntries(PHASES.map((phase) => [phase, 0])) as Record<Phase, number>;

/** Where the time went until now, in the phases in which the routes would count it. Good until the next call. */
export function timesOf(moments: ExchangeMoments, nowMs: number): PhaseTimes {
  const { beganMs, admittedMs, readMs, answeredMs, hopPhases, further } = moments;
  const known = further?.end();
  for (const phase of PHASES) spent[phase] = known?.[phase] ?? 0;
  spent.auth += admittedMs - beganMs;
  spent.receive += readMs - admittedMs;
  if (known !== undefined) return spent;
  if (answeredMs === undefined) {
    spent.auth += nowMs - readMs;
    return spent;
  }
  if (hopPhases === undefined) spent.route += answeredMs - readMs;
  else {
    const hop = hopTimes(hopPhases, answeredMs - readMs);
    for (const phase in hop) spent[phase as Phase] += hop[phase as Phase] ?? 0;
  }
  spent.other += nowMs - answeredMs;
  return spent;
}
