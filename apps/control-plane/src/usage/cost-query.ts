import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { monthOf, type Meter } from '@leasehold/billing';
import { systemClock } from '@leasehold/foundation';
import type { CostQuestion, UsagePlace } from '@leasehold/metadata';
import { parseQueryString, ProblemError } from '@leasehold/protocol';

import { monthBegin } from '../costs/month-begin.js';
import { damagedCursor, pageIn, queryOf } from '../requests/page.js';
import { oneOf, textIn } from '../requests/query-text.js';
import { BILLED_METERS } from './cost-view.js';
import { cursorPlace, FORMATS, groupOf, placeOf, STEPS, type UsageFormat } from './usage-query.js';

/** Which cost is wanted; of a database by its name or id. */
export interface CostQuery extends Omit<CostQuestion, 'databaseId'> {
  /** The begin of a calendar month in UTC that has begun. */
  readonly periodFrom: Date;
  readonly database: string | undefined;
  /** Undefined: as the client accepts it. */
  readonly format: UsageFormat | undefined;
  /** When the rows before the cursor were reckoned, ms since the Unix epoch. */
  readonly reckonedAt: number | undefined;
  readonly limit: number;
}

/** When what is paged was reckoned, and the place of its last row. */
const PLACE = /^(\d{1,15}) (.+)$/;

/** Parameter of a handler: which cost is asked for. */
export const CostQueryOf = createParamDecorator((_: unknown, context: ExecutionContext): CostQuery =>
  parseCostQuery(queryOf(context), systemClock.now()),
);

/** @throws ProblemError invalid-parameter, invalid-limit, invalid-cursor */
function parseCostQuery(rawQuery: string, nowMs: number): CostQuery {
  const names = ['month', 'step', 'group', 'database', 'meter', 'format', 'limit', 'cursor'];
  const parameters = parseQueryString(rawQuery, names);
  const textOf = (name: string) => textIn(parameters, name);
  const month = textOf('month');
  const periodFrom = month === undefined ? new Date(monthOf(nowMs).from) : monthBegin(month);
  if (periodFrom === undefined) throw new ProblemError('invalid-parameter', 'month is one such as 2030-01');
  if (periodFrom.getTime() > nowMs) throw new ProblemError('invalid-parameter', 'that month has not begun');
  const group = groupOf(textOf('group'));
  const meter = oneOf(Object.keys(BILLED_METERS), 'meter', textOf('meter'));
  const { limit, after } = pageIn(parameters);
  const [, reckonedAt, place] = after === undefined ? [] : (PLACE.exec(after) ?? []);
  if (after !== undefined && place === undefined) throw damagedCursor();
  return {
    periodFrom,
    step: oneOf(STEPS, 'step', textOf('step')) ?? 'day',
    group,
    database: textOf('database'),
    meter: meter === undefined ? undefined : (BILLED_METERS[meter as keyof typeof BILLED_METERS] satisfies Meter),
    format: oneOf(FORMATS, 'format', textOf('format')),
    reckonedAt: reckonedAt === undefined ? undefined : Number(reckonedAt),
    after: place === undefined ? undefined : placeOf(place, group),
    limit,
  };
}

/** As the cursor of what follows has it: pages of one reckoning add up. */
export function costPlace(reckonedAt: Date, place: UsagePlace): string {
  return `${reckonedAt.getTime()} ${cursorPlace(place)}`;
}
