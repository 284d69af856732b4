import type { PhaseList, Phases } from '@leasehold/foundation';
import { phaseList, PHASES } from '@leasehold/foundation';

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

const AUTH = PHASES.indexOf('auth');
const RECEIVE = PHASES.indexOf('receive');
const ROUTE = PHASES.indexOf('route');
const OTHER = PHASES.indexOf('other');

/** Of the request whose answer is being written: used again for the next one, before anybody else has a turn. */
const spent: number[] = PHASES.map(() => 0);

/** Where the time went until now, in the phases in which the routes would count it. Good until the next call. */
export function timesOf(moments: ExchangeMoments, nowMs: number): PhaseList {
  const { beganMs, admittedMs, readMs, answeredMs, hopPhases, further } = moments;
  spent.fill(0);
  if (further !== undefined) add(phaseList(further.end()));
  else if (answeredMs === undefined) spent[AUTH] = nowMs - readMs;
  else {
    if (hopPhases === undefined) spent[ROUTE] = answeredMs - readMs;
    else hopTimes(hopPhases, answeredMs - readMs, spent);
    spent[OTHER] = (spent[OTHER] as number) + nowMs - answeredMs;
  }
  spent[AUTH] = (spent[AUTH] as number) + admittedMs - beganMs;
  spent[RECEIVE] = (spent[RECEIVE] as number) + readMs - admittedMs;
  return spent;
}

function add(times: PhaseList): void {
  for (const [place, ms] of times.entries()) spent[place] = ms;
}
