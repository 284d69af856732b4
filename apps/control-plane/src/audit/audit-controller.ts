import { Controller, Get, Res } from '@nestjs/common';
import { Metadata, type AuditFilter } from '@leasehold/metadata';
import type { FastifyReply } from 'fastify';

import { Access, ADMINS } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { pageOf } from '../requests/page.js';
import { AuditExports } from './audit-export.js';
import { AUDIT_CSV, AUDIT_JSON_LINES, type AuditFormat } from './audit-format.js';
import { AuditQuery, ExportQuery, type AuditListQuery } from './audit-query.js';
import { viewOf } from './audit-view.js';

/** Who changed what in the organization. No API key: what one has done is not its own to look at. */
@Controller('v1')
@Access({ roles: ADMINS, scopes: [] })
export class AuditController {
  private readonly exports: AuditExports;

  constructor(private readonly metadata: Metadata) {
    this.exports = new AuditExports(metadata.auditLog);
  }

  /** The latest in front. */
  @Get('audit')
  async list(@CurrentCaller() caller: Caller, @AuditQuery() { filter, limit, before }: AuditListQuery) {
    const found = await this.metadata.auditLog.list(caller.organization.id, before, limit + 1, filter);
    const { items, cursor } = pageOf(found, limit, ({ id }) => id);
    return { entries: items.map(viewOf), cursor };
  }

  /** All of them as JSON lines, the latest in front. An export that fails under way breaks off: it does not end like a whole one. */
  @Get('audit.jsonl')
  exportLines(@CurrentCaller() caller: Caller, @ExportQuery() filter: AuditFilter, @Res() reply: FastifyReply) {
    return this.export(caller, filter, AUDIT_JSON_LINES, reply);
  }

  /** The same as a table for spreadsheets. */
  @Get('audit.csv')
  exportTable(@CurrentCaller() caller: Caller, @ExportQuery() filter: AuditFilter, @Res() reply: FastifyReply) {
    return this.export(caller, filter, AUDIT_CSV, reply);
  }

  private async export(caller: Caller, filter: AuditFilter, format: AuditFormat, reply: FastifyReply): Promise<void> {
    const lines = this.exports.begin(caller.organization.id, filter, format);
    await reply
      .header('content-type', format.mediaType)
      .header('content-disposition', `attachment; filename="${format.fileName}"`)
      .header('cache-control', 'no-store')
      .send(lines);
  }
}
