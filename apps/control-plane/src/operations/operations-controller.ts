import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Metadata, type OperationRecord } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, BUILDERS, requireAllDatabases, ROLES } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { pageOf, PageQuery, type Page } from '../requests/page.js';
import { isCleanText } from '../requests/text.js';
import { operationView } from './operation-view.js';

const READERS = { roles: ROLES, scopes: ['db:admin'] } as const;
const CHANGERS = { roles: BUILDERS, scopes: ['db:admin'] } as const;

/** What takes longer than a request: how far it is, and stopping it. */
@Controller('v1/operations')
export class OperationsController {
  constructor(private readonly metadata: Metadata) {}

  /** The latest first. */
  @Get()
  @Access(READERS)
  async list(@CurrentCaller() caller: Caller, @PageQuery() { limit, after }: Page) {
    requireAllDatabases(caller);
    const found = await this.metadata.operations.list(caller.organization.id, after, limit + 1);
    const { items, cursor } = pageOf(found, limit, ({ id }) => id);
    return { operations: items.map(operationView), cursor };
  }

  @Get(':id')
  @Access(READERS)
  async read(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    requireAllDatabases(caller);
    const found = isCleanText(id) ? await this.metadata.operations.find(caller.organization.id, id) : undefined;
    return operationView(known(found));
  }

  /** What was done stays done. One that has ended stays as it ended. */
  @Post(':id/cancel')
  @HttpCode(200)
  @Access(CHANGERS)
  async cancel(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    requireAllDatabases(caller);
    const found = isCleanText(id) ? await this.metadata.operations.cancel(caller.organization.id, id) : undefined;
    return operationView(known(found));
  }
}

function known(operation: OperationRecord | undefined): OperationRecord {
  if (!operation) throw new ProblemError('not-found', 'the organization has no such operation');
  return operation;
}
