import { Controller, Get, Headers, Param, Put, Res } from '@nestjs/common';
import { currencyOf, Metadata, type ProviderPricesRecord } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';
import type { FastifyReply } from 'fastify';

import { Access, SESSION_ONLY } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { requireOperator } from '../auth/operator.js';
import { formatOf } from '../requests/csv.js';
import { JsonBody } from '../requests/json-body.js';
import { pageOf } from '../requests/page.js';
import { monthName } from '../invoices/invoice-view.js';
import { CostExports } from './costs-csv.js';
import { CostsQueryOf, placeText, type CostsQuery } from './costs-query.js';
import { costTotalsView, providerPricesView, tenantCostView } from './costs-view.js';
import { monthBegin } from './month-begin.js';
import { newProviderPrices, type NewProviderPrices } from './provider-prices-schema.js';

/** What tenants cost, held against what they bring in. For operators of the service alone. */
@Controller('v1/admin')
@Access(SESSION_ONLY)
export class CostsController {
  private readonly exports: CostExports;

  constructor(private readonly metadata: Metadata) {
    this.exports = new CostExports(metadata.tenantCosts);
  }

  /** Of a month, whom least is earned by in front. As CSV all of them, from the cursor on. */
  @Get('costs')
  async list(
    @CurrentCaller() caller: Caller,
    @CostsQueryOf() query: CostsQuery,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    requireOperator(caller);
    const prices = await this.metadata.providerPrices.of(query.periodFrom);
    if ((query.format ?? formatOf(accept)) === 'csv') {
      await reply
        .header('content-type', 'text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="costs-${monthName(query.periodFrom)}.csv"`)
        .header('cache-control', 'no-store')
        .send(this.exports.begin(query, prices));
      return;
    }
    await reply.send(await this.page(query, prices));
  }

  /** The latest month in front. */
  @Get('provider-prices')
  async prices(@CurrentCaller() caller: Caller) {
    requireOperator(caller);
    return {
      currency: currencyOf(await this.metadata.planVersions.list()),
      prices: (await this.metadata.providerPrices.list()).map(providerPricesView),
    };
  }

  /** From `:month` on, such as `2026-11`, until the month for which others are set. Those of the same month are replaced. */
  @Put('provider-prices/:month')
  async put(
    @CurrentCaller() caller: Caller,
    @Param('month') month: string,
    @JsonBody(newProviderPrices) body: NewProviderPrices,
  ) {
    requireOperator(caller);
    const since = monthBegin(month);
    if (since === undefined) throw new ProblemError('not-found', 'a month is one such as 2030-01');
    const { getsPerMillionReads = (await this.metadata.providerPrices.of(since))?.getsPerMillionReads ?? 0n } = body;
    const prices = {
      ...{ putsMillion: BigInt(body.putsMillion), getsMillion: BigInt(body.getsMillion) },
      storedTerabyteMonth: BigInt(body.storedTerabyteMonth),
      egressTerabyte: BigInt(body.egressTerabyte),
      putsPerMillionCommits: BigInt(body.putsPerMillionCommits),
      getsPerMillionReads: BigInt(getsPerMillionReads),
      sharedMonth: BigInt(body.sharedMonth),
    };
    return providerPricesView(await this.metadata.providerPrices.put(since, prices));
  }

  private async page({ periodFrom, order, after, limit }: CostsQuery, prices: ProviderPricesRecord | undefined) {
    const { tenantCosts, planVersions } = this.metadata;
    const [found, totals, versions] = await Promise.all([
      tenantCosts.page(periodFrom, prices, order, after, limit + 1),
      tenantCosts.totals(periodFrom, prices),
      planVersions.list(),
    ]);
    const isPriced = prices !== undefined;
    const { items, cursor } = pageOf(found, limit, ({ place }) => placeText(place));
    return {
      month: monthName(periodFrom),
      currency: currencyOf(versions),
      prices: prices === undefined ? null : providerPricesView(prices),
      totals: costTotalsView(totals, isPriced),
      costs: items.map((row) => tenantCostView(row, isPriced)),
      cursor,
    };
  }
}
