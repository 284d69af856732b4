import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { systemClock } from '@leasehold/foundation';
import type { UsageGroup, UsageMeter, UsagePlace, UsageQuestion, UsageStep } from '@leasehold/metadata';
import { parseQueryString, ProblemError } from '@leasehold/protocol';

import { DATABASE_LIMITS } from '../databases/database-limits.js';
import { damagedCursor, pageIn, queryOf } from '../requests/page.js';
import { oneOf, textIn } from '../requests/query-text.js';

/** Which usage is wanted; of a database by its name or id. */
export type UsageQuery = Omit<UsageQuestion, 'databaseId'> & {
  readonly database: string | undefined;
  /** Undefined: as the client accepts it. */
  readonly format: UsageFormat | undefined;
};
export type UsageFormat = (typeof FORMATS)[number];

export const STEPS = ['hour', 'day', 'month'] as const satisfies readonly UsageStep[];
const GROUPS = ['database', 'key'] as const satisfies readonly UsageGroup[];
/** In front of the name of a label by whose values rows are told apart. */
const LABEL_GROUP = 'label:';
export const FORMATS = ['json', 'csv'] as const;
/** As rows name them. */
const METERS: Readonly<Record<string, UsageMeter>> = {
  writeUnits: 'writeUnits',
  readUnits: 'readUnits',
  egressBytes: 'egressBytes',
  storedGbHours: 'storedByteMs',
  freeReadUnits: 'freeReadUnits',
};
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How long the time may be that is asked for, by its steps. */
const MAX_MS: Readonly<Record<UsageStep, number>> = { hour: 31 * DAY_MS, day: 366 * DAY_MS, month: 3_660 * DAY_MS };
const HOUR = /^\d{4}-\d{2}-\d{2}T\d{2}:00(:00(\.0+)?)?Z$/;
/** When a row begins and what it is of, as a page ends with it; without the second the page goes on with a whole step. */
const PLACE = /^(\d{4}-\d{2}-\d{2}T\d{2}:00:00\.000Z)(?: ([!-~]{0,64}))?$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Parameter of a handler: which usage is asked for. */
export const UsageQueryOf = createParamDecorator((_: unknown, context: ExecutionContext): UsageQuery =>
  parseUsageQuery(queryOf(context), systemClock.now()),
);

/** @throws ProblemError invalid-parameter, invalid-limit, invalid-cursor */
function parseUsageQuery(rawQuery: string, nowMs: number): UsageQuery {
  const names = ['from', 'to', 'step', 'group', 'database', 'meter', 'format', 'limit', 'cursor'];
  const parameters = parseQueryString(rawQuery, names);
  const textOf = (name: string) => textIn(parameters, name);
  const step = oneOf(STEPS, 'step', textOf('step')) ?? 'day';
  const group = groupOf(textOf('group'));
  const meter = oneOf(Object.keys(METERS), 'meter', textOf('meter'));
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
    meter: meter === undefined ? undefined : METERS[meter],
    format: oneOf(FORMATS, 'format', textOf('format')),
    limit,
    after: after === undefined ? undefined : placeOf(after, group),
  };
}

/** As the cursor of what follows has it. */
export function cursorPlace({ from, place }: UsagePlace): string {
  return place === undefined ? from.toISOString() : `${from.toISOString()} ${place}`;
}

/** What a cursor said. @throws ProblemError invalid-cursor */
export function placeOf(text: string, group: UsageGroup | undefined): UsagePlace {
  const [, from = '', place] = PLACE.exec(text) ?? [];
  const isKnown = place === undefined || group !== 'database' || UUID.test(place);
  if (Number.isNaN(Date.parse(from)) || !isKnown) throw damagedCursor();
  return { from: new Date(from), place };
}

/** `database`, `key`, `label:team`. @throws ProblemError invalid-parameter */
export function groupOf(text: string | undefined): UsageGroup | undefined {
  if (!text?.startsWith(LABEL_GROUP)) return oneOf(GROUPS, 'group', text);
  const label = text.slice(LABEL_GROUP.length);
  if (DATABASE_LIMITS.labelKey.test(label)) return { label };
  throw new ProblemError('invalid-parameter', 'group is database, key, or label: and the key of a label');
}

function hourOf(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (HOUR.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text.slice(0, 13))) return date;
  throw new ProblemError('invalid-parameter', `${name} is a whole hour in UTC, such as 2030-01-31T00:00Z`);
}
