import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { monthOf } from '@leasehold/billing';
import { systemClock } from '@leasehold/foundation';
import { COST_ORDERS, type CostOrder, type TenantCostPlace } from '@leasehold/metadata';
import { parseQueryString, ProblemError } from '@leasehold/protocol';

import { damagedCursor, pageIn, queryOf } from '../requests/page.js';
import { oneOf, textIn } from '../requests/query-text.js';
import { monthBegin } from './month-begin.js';

/** Which costs are wanted. */
export interface CostsQuery {
  /** The begin of a calendar month in UTC. */
  readonly periodFrom: Date;
  readonly order: CostOrder;
  readonly format: 'json' | 'csv' | undefined;
  readonly after: TenantCostPlace | undefined;
  /** 1 … 1,000. */
  readonly limit: number;
}

const FORMATS = ['json', 'csv'] as const;
/** When the first page was read and what everybody had asked for; then, of the last row, whether it has moved since, by what it is ordered, and whose it is. */
const PLACE = /^(0|[1-9]\d{0,14}) (0|[1-9]\d{0,59}) ([01]) (-?(?:0|[1-9]\d{0,59})) ([!-~]{1,64})$/;

/** Parameter of a handler. */
export const CostsQueryOf = createParamDecorator((_: unknown, context: ExecutionContext): CostsQuery =>
  parseCostsQuery(queryOf(context), systemClock.now()),
);

/** @throws ProblemError invalid-parameter, invalid-limit, invalid-cursor */
export function parseCostsQuery(rawQuery: string, nowMs: number): CostsQuery {
  const parameters = parseQueryString(rawQuery, ['month', 'sort', 'format', 'limit', 'cursor']);
  const textOf = (name: string) => textIn(parameters, name);
  const month = textOf('month');
  const periodFrom = month === undefined ? new Date(monthOf(nowMs).from) : monthBegin(month);
  if (periodFrom === undefined) throw new ProblemError('invalid-parameter', 'month is one such as 2030-01');
  const { limit, after } = pageIn(parameters);
  return {
    periodFrom,
    order: oneOf(COST_ORDERS, 'sort', textOf('sort')) ?? 'margin',
    format: oneOf(FORMATS, 'format', textOf('format')),
    after: after === undefined ? undefined : placeIn(after),
    limit,
  };
}

/** As the cursor of what follows has it. */
export function placeText({ listedAt, asked, isMoved, rank, organizationId }: TenantCostPlace): string {
  return `${listedAt.getTime()} ${asked} ${isMoved ? 1 : 0} ${rank} ${organizationId}`;
}

function placeIn(text: string): TenantCostPlace {
  const [, listedAt = '', asked = '', moved = '', rank = '', organizationId] = PLACE.exec(text) ?? [];
  if (organizationId === undefined) throw damagedCursor();
  return {
    ...{ listedAt: new Date(Number(listedAt)), asked: BigInt(asked), isMoved: moved === '1' },
    ...{ rank: BigInt(rank), organizationId },
  };
}
