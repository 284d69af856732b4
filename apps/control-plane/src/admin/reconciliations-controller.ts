import { Controller, Get, Param } from '@nestjs/common';
import { Metadata, type DifferenceRecord, type ReconciliationRecord } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, SESSION_ONLY } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { requireOperator } from '../auth/operator.js';
import { damagedCursor, PageQuery, pageOf, type Page } from '../requests/page.js';
import { parseRowId, rowBefore } from '../requests/row-id.js';

const HOUR_MS = 3_600_000;
const POSITION = /^[0-9]{1,9}$/;

/** Whether what is rolled up is what the records say, for operators of the service alone. */
@Controller('v1/admin/reconciliations')
export class ReconciliationsController {
  constructor(private readonly metadata: Metadata) {}

  /** The latest first; one a day. */
  @Get()
  @Access(SESSION_ONLY)
  async list(@CurrentCaller() caller: Caller, @PageQuery() { after, limit }: Page): Promise<object> {
    requireOperator(caller);
    const found = await this.metadata.usageReconciliations.list(rowBefore(after), limit + 1);
    const { items, cursor } = pageOf(found, limit, ({ id }) => String(id));
    return { reconciliations: items.map(viewOf), cursor };
  }

  /** What one of them found, of which the first thousand are kept. */
  @Get(':id/differences')
  @Access(SESSION_ONLY)
  async differences(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @PageQuery() { after = '0', limit }: Page,
  ): Promise<object> {
    requireOperator(caller);
    const row = parseRowId(id);
    if (row === undefined) throw new ProblemError('not-found', 'there is no such reconciliation');
    if (!POSITION.test(after)) throw damagedCursor();
    const found = await this.metadata.usageReconciliations.differences(row, Number(after), limit + 1);
    const { items, cursor } = pageOf(found, limit, ({ position }) => String(position));
    return { differences: items.map(differenceOf), cursor };
  }
}

function viewOf({ id, fromAt, toAt, ...rest }: ReconciliationRecord) {
  return { id: String(id), from: fromAt, to: toAt, ...rest };
}

function differenceOf({ databaseId, hour, keyId, meter, recorded, counted }: DifferenceRecord) {
  return {
    database: databaseId,
    hour: new Date(hour * HOUR_MS),
    key: keyId === '' ? null : keyId,
    meter,
    recorded: Number(recorded),
    counted: Number(counted),
  };
}
