import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { decodeUtf8, systemClock } from '@leasehold/foundation';
import type { UsageGroup, UsageQuestion, UsageStep } from '@leasehold/metadata';
import { parseQueryString, ProblemError, rawQueryOf } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import { pageIn } from '../requests/page.js';

/** Which usage is wanted; of a database by its name or id. */
export type UsageQuery = Omit<UsageQuestion, 'databaseId'> & { readonly database: string | undefined };

const STEPS = ['hour', 'day', 'month'] as const satisfies readonly UsageStep[];
const GROUPS = ['database', 'key'] as const satisfies readonly UsageGroup[];
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How long the time may be that is asked for, by its steps. */
const MAX_MS: Readonly<Record<UsageStep, number>> = { hour: 31 * DAY_MS, day: 366 * DAY_MS, month: 3_660 * DAY_MS };
const HOUR = /^\d{4}-\d{2}-\d{2}T\d{2}:00(:00(\.0+)?)?Z$/;
/** When a row begins and what it is of, as a page ends with it. */
const PLACE = /^(\d{4}-\d{2}-\d{2}T\d{2}:00:00\.000Z) ([0-9a-z-]{0,64})$/;

/** Parameter of a handler: which usage is asked for. */
export const UsageQueryOf = createParamDecorator((_: unknown, context: ExecutionContext): UsageQuery =>
  parseUsageQuery(rawQueryOf(context.switchToHttp().getRequest<FastifyRequest>().url), systemClock.now()),
);

/** @throws ProblemError invalid-parameter, invalid-limit, invalid-cursor */
export function parseUsageQuery(rawQuery: string, nowMs: number): UsageQuery {
  const names = ['from', 'to', 'step', 'group', 'database', 'limit', 'cursor'];
  const parameters = parseQueryString(rawQuery, names);
  const textOf = (name: string) => {
    const bytes = parameters.get(name);
    return bytes && (decodeUtf8(bytes) ?? '\u0000');
  };
  const step = oneOf(STEPS, 'step', textOf('step')) ?? 'day';
  const group = oneOf(GROUPS, 'group', textOf('group'));
  const month = new Date(nowMs);
  const from = hourOf('from', textOf('from')) ?? new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth()));
  const to = hourOf('to', textOf('to')) ?? new Date((Math.floor(nowMs / HOUR_MS) + 1) * HOUR_MS);
  const lengthMs = to.getTime() - from.getTime();
  if (lengthMs <= 0) throw new ProblemError('invalid-parameter', 'to lies behind from');
  if (lengthMs > MAX_MS[step]) {
    throw new ProblemError('invalid-parameter', `by ${step} at most ${MAX_MS[step] / DAY_MS} days can be asked for`);
  }
  const { limit, after } = pageIn(parameters);
  return {
    from,
    to,
    step,
    group,
    database: textOf('database'),
    limit,
    after: after === undefined ? undefined : placeOf(after),
  };
}

/** Of a row, as the cursor behind it has it. */
export function cursorPlace({ from, group }: { readonly from: Date; readonly group: string }): string {
  return `${from.toISOString()} ${group}`;
}

function placeOf(text: string): UsageQuestion['after'] {
  const [, from = '', group = ''] = PLACE.exec(text) ?? [];
  if (Number.isNaN(Date.parse(from))) throw new ProblemError('invalid-cursor', 'the cursor is damaged');
  return { from: new Date(from), group };
}

function oneOf<T extends string>(known: readonly T[], name: string, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  const found = known.find((each) => each === text);
  if (found !== undefined) return found;
  throw new ProblemError('invalid-parameter', `${name} is one of ${known.join(', ')}`);
}

function hourOf(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (HOUR.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text.slice(0, 13))) return date;
  throw new ProblemError('invalid-parameter', `${name} is a whole hour in UTC, such as 2030-01-31T00:00Z`);
}
