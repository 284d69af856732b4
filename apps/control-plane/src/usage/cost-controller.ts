import { Controller, Get, Headers, Res } from '@nestjs/common';
import { Metadata, type CostQuestion, type CostReckoning, type CostRow } from '@leasehold/metadata';
import type { FastifyReply } from 'fastify';

import { Access, ACCOUNTANTS, requireAllDatabases } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { namedDatabase } from '../databases/named-database.js';
import { monthName } from '../invoices/invoice-view.js';
import { formatOf } from '../requests/csv.js';
import { cursorAt } from '../requests/page.js';
import { Turns, type TurnsSettings } from '../requests/turns.js';
import { CostCsv } from './cost-csv.js';
import { CostQueryOf, costPlace, type CostQuery } from './cost-query.js';
import { CostReckonings } from './cost-reckonings.js';
import { amountsView, costView, type DatabaseFacts } from './cost-view.js';
import { shortEnough } from './short-enough.js';

const READERS = { roles: ACCOUNTANTS, scopes: ['usage:read'] } as const;
const PAGE_TURNS: TurnsSettings = { atOnce: 3, maxWaiting: 100, maxWaitMs: 10_000 };

/** What a month of the organization cost, by the prices and the code of its invoice. */
@Controller('v1/costs')
export class CostController {
  private readonly exports: CostCsv;
  private readonly reckonings: CostReckonings;
  private readonly turns = new Turns('too many costs are being read', PAGE_TURNS);

  constructor(private readonly metadata: Metadata) {
    this.reckonings = new CostReckonings(metadata.costReport);
    this.exports = new CostCsv(metadata.costReport, (rows) => this.factsOf(rows));
  }

  /** By time, then by database, key or label; what was not used has no row. As CSV all of it, from the cursor on, with fees and minimums. */
  @Get()
  @Access(READERS)
  async read(
    @CurrentCaller() caller: Caller,
    @CostQueryOf() { database, format, periodFrom, reckonedAt, limit, ...query }: CostQuery,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    requireAllDatabases(caller);
    const databaseId = database === undefined ? undefined : (await namedDatabase(this.metadata, caller, database)).id;
    const question: CostQuestion = { ...query, databaseId };
    const reckoning = await this.reckonings.of(caller.organization.id, periodFrom, reckonedAt);
    if ((format ?? formatOf(accept)) === 'csv') {
      await this.sendCsv(reckoning, question, reply);
      return;
    }
    await reply.send(await this.pageOf(reckoning, question, limit));
  }

  private async pageOf(reckoning: CostReckoning, question: CostQuestion, limit: number) {
    const { period, currency, completeTo, reckonedAt } = reckoning;
    const { rows, next } = await this.turns.run(() => this.page(reckoning, question, limit));
    const facts = question.group === 'database' ? await this.factsOf(rows) : new Map<string, DatabaseFacts>();
    return {
      ...{ month: monthName(new Date(period.from)), step: question.step, currency, reckonedAt },
      completeTo: completeTo ?? null,
      amounts: amountsView(reckoning),
      costs: rows.map((row) => costView(row, question, facts)),
      cursor: next === undefined ? null : cursorAt(costPlace(reckonedAt, next)),
    };
  }

  private page(reckoning: CostReckoning, question: CostQuestion, limit: number) {
    return shortEnough(this.metadata.costReport.page(reckoning, question, limit));
  }

  private sendCsv(reckoning: CostReckoning, question: CostQuestion, reply: FastifyReply) {
    const { completeTo, reckonedAt, currency } = reckoning;
    const lines = this.exports.begin(reckoning, question);
    return reply
      .header('content-type', 'text/csv; charset=utf-8; header=present')
      .header('content-disposition', 'attachment; filename="costs.csv"')
      .header('cache-control', 'no-store')
      .header('leasehold-currency', currency)
      .header('leasehold-reckoned-at', reckonedAt.toISOString())
      .header('leasehold-complete-to', completeTo?.toISOString() ?? 'never')
      .send(lines);
  }

  private async factsOf(rows: readonly CostRow[]): Promise<ReadonlyMap<string, DatabaseFacts>> {
    return this.metadata.costReport.databases(rows.flatMap(({ group }) => (group === null ? [] : [group])));
  }
}
