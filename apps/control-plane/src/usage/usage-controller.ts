import { Controller, Get, Headers, Res } from '@nestjs/common';
import { Metadata, type UsageQuestion } from '@leasehold/metadata';
import type { FastifyReply } from 'fastify';

import { Access, ACCOUNTANTS, requireAllDatabases } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { namedDatabase } from '../databases/named-database.js';
import { formatOf } from '../requests/csv.js';
import { cursorAt } from '../requests/page.js';
import { shortEnough } from './short-enough.js';
import { UsageExports } from './usage-csv.js';
import { cursorPlace, UsageQueryOf, type UsageQuery } from './usage-query.js';
import { viewOf } from './usage-view.js';

const READERS = { roles: ACCOUNTANTS, scopes: ['usage:read'] } as const;
const CSV = 'text/csv';

/** What the organization used, as far as its records are rolled up. */
@Controller('v1/usage')
export class UsageController {
  private readonly exports: UsageExports;

  constructor(private readonly metadata: Metadata) {
    this.exports = new UsageExports(metadata.usageReport);
  }

  /** By time, then by database, key or label; what was not used has no row. As CSV all of it, from the cursor on. */
  @Get()
  @Access(READERS)
  async read(
    @CurrentCaller() caller: Caller,
    @UsageQueryOf() { database, format, ...query }: UsageQuery,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    requireAllDatabases(caller);
    const organizationId = caller.organization.id;
    const databaseId = database === undefined ? undefined : (await namedDatabase(this.metadata, caller, database)).id;
    const question: UsageQuestion = { ...query, databaseId };
    // Asked first: what is rolled up meanwhile is in the rows, and not promised.
    const completeTo = (await this.metadata.usageReport.completeTo()) ?? null;
    await ((format ?? formatOf(accept)) === 'csv'
      ? this.sendCsv(organizationId, question, completeTo, reply)
      : reply.send({ ...(await this.pageOf(organizationId, question)), completeTo }));
  }

  private async pageOf(organizationId: string, question: UsageQuestion) {
    const { from, to, step, group, meter } = question;
    const { rows, next } = await shortEnough(this.metadata.usageReport.page(organizationId, question));
    const usage = rows.map((row) => viewOf(row, group, meter));
    return { from, to, step, usage, cursor: next === undefined ? null : cursorAt(cursorPlace(next)) };
  }

  private sendCsv(organizationId: string, question: UsageQuestion, completeTo: Date | null, reply: FastifyReply) {
    const lines = this.exports.begin(organizationId, question);
    return reply
      .header('content-type', `${CSV}; charset=utf-8; header=present`)
      .header('content-disposition', 'attachment; filename="usage.csv"')
      .header('cache-control', 'no-store')
      .header('leasehold-complete-to', completeTo?.toISOString() ?? 'never')
      .send(lines);
  }
}
