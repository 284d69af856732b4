import type { Readable } from 'node:stream';

import type { ProviderPricesRecord, TenantCosts } from '@leasehold/metadata';

import { csvLine } from '../requests/csv.js';
import { ExportPlaces } from '../requests/export-places.js';
import type { CostsQuery } from './costs-query.js';
import { tenantCostView, type TenantCostView } from './costs-view.js';

/** In memory at once, of one export. */
const PAGE_ROWS = 1_000;
/** Under way at once, at one instance. */
const MAX_EXPORTS = 2;
/** Of one export: some 200 MB. Those that come again count too. */
const MAX_ROWS = 1_000_000;

const HEADING = [
  ...['organizationId', 'name', 'computedAt', 'billed', 'revenue', 'cost', 'margin'],
  ...['requestsMicros', 'storageMicros', 'egressMicros', 'sharedMicros', 'totalMicros'],
  ...['commits', 'requests', 'coldStarts', 'storedGbHours', 'egressBytes'],
];

/** What all tenants cost in a month as CSV, page by page as it is taken. */
export class CostExports {
  private readonly places = new ExportPlaces(MAX_EXPORTS);

  constructor(private readonly costs: Pick<TenantCosts, 'page'>) {}

  /**
   * From the cursor on. One that fails under way, or that has too many rows, breaks off: it does not end like a whole one.
   *
   * @throws ProblemError overloaded
   */
  begin(query: CostsQuery, prices: ProviderPricesRecord | undefined): Readable {
    return this.places.begin(this.lines(query, prices));
  }

  private async *lines(
    { periodFrom, order, after: first }: CostsQuery,
    prices: ProviderPricesRecord | undefined,
  ): AsyncGenerator<string, void, void> {
    yield csvLine(HEADING);
    let after = first;
    // Who is added up under way comes again in the end; a table that is added up has everybody once. Some 100 bytes for each row.
    const told = new Set<string>();
    for (let sent = 0; sent < MAX_ROWS; sent += PAGE_ROWS) {
      const rows = await this.costs.page(periodFrom, prices, order, after, PAGE_ROWS);
      const news = rows.filter(({ organizationId }) => !told.has(organizationId));
      for (const { organizationId } of news) told.add(organizationId);
      if (news.length > 0) yield news.map((row) => lineOf(tenantCostView(row, prices !== undefined))).join('');
      if (rows.length < PAGE_ROWS) return;
      after = rows.at(-1)?.place;
    }
    throw new Error('an export of costs has too many rows');
  }
}

function lineOf({ usage, costMicros, ...view }: TenantCostView): string {
  const { organizationId, name, computedAt, billed, revenue, cost, margin } = view;
  const micros = ['requests', 'storage', 'egress', 'shared', 'total'] as const;
  return csvLine([
    ...[organizationId, name, computedAt, billed, revenue, cost, margin],
    ...micros.map((part) => costMicros && costMicros[part]),
    ...[usage.commits, usage.requests, usage.coldStarts, usage.storedGbHours, usage.egressBytes],
  ]);
}
