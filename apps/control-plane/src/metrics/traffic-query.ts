import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { systemClock } from '@leasehold/foundation';
import type { TrafficQuestion, TrafficStep } from '@leasehold/metadata';
import { parseQueryString, ProblemError } from '@leasehold/protocol';

import { queryOf } from '../requests/page.js';
import { oneOf, textIn } from '../requests/query-text.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const STEPS = ['minute', 'hour', 'day'] as const satisfies readonly TrafficStep[];
/** How long the time may be that is asked for, and how long it is where nothing is said. */
const MAX_MS: Readonly<Record<TrafficStep, number>> = { minute: DAY_MS, hour: 31 * DAY_MS, day: 100 * DAY_MS };
const USUAL_MS: Readonly<Record<TrafficStep, number>> = { minute: HOUR_MS, hour: DAY_MS, day: 30 * DAY_MS };
/** What from and to are wholes of. */
const GRAIN_MS: Readonly<Record<TrafficStep, number>> = { minute: MINUTE_MS, hour: HOUR_MS, day: HOUR_MS };
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:00(\.0+)?)?Z$/;

/** Parameter of a handler: which traffic is asked for. */
export const TrafficQueryOf = createParamDecorator((_: unknown, context: ExecutionContext): TrafficQuestion =>
  parseTrafficQuery(queryOf(context), systemClock.now()),
);

/** @throws ProblemError invalid-parameter */
function parseTrafficQuery(rawQuery: string, nowMs: number): TrafficQuestion {
  const parameters = parseQueryString(rawQuery, ['from', 'to', 'step']);
  const textOf = (name: string) => textIn(parameters, name);
  const step = oneOf(STEPS, 'step', textOf('step')) ?? 'minute';
  const grainMs = GRAIN_MS[step];
  const to = timeOf('to', textOf('to'), grainMs) ?? (Math.floor(nowMs / grainMs) + 1) * grainMs;
  const from = timeOf('from', textOf('from'), grainMs) ?? to - USUAL_MS[step];
  if (to <= from) throw new ProblemError('invalid-parameter', 'to lies behind from');
  if (to - from > MAX_MS[step]) {
    throw new ProblemError('invalid-parameter', `by ${step} at most ${MAX_MS[step] / DAY_MS} days can be asked for`);
  }
  return { from: new Date(from), to: new Date(to), step };
}

function timeOf(name: string, text: string | undefined, grainMs: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  const isItself = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text.slice(0, 16));
  if (isItself && ms % grainMs === 0) return ms;
  const what = grainMs === MINUTE_MS ? 'a whole minute' : 'a whole hour';
  throw new ProblemError('invalid-parameter', `${name} is ${what} in UTC, such as 2030-01-31T00:00Z`);
}
