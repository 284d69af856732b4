import { Controller, HttpCode, Post, Res } from '@nestjs/common';
import { Metadata } from '@leasehold/metadata';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';

import { Access, BUILDERS, requireAllDatabases } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { DATABASE_LIMITS } from '../databases/database-limits.js';
import { isNameBeginning } from '../databases/database-schemas.js';
import { JsonBody } from '../requests/json-body.js';
import { nameOf } from '../requests/text.js';
import { operationView } from './operation-view.js';

/** All databases would be meant by a variable without a value: one of the two has to say which. */
export const databaseDeletion = z
  .strictObject({
    label: z
      .strictObject({
        key: z.string().regex(DATABASE_LIMITS.labelKey, 'must be the key of a label'),
        value: nameOf(0, DATABASE_LIMITS.labelValueChars),
      })
      .optional(),
    search: z.string().refine(isNameBeginning, 'must be the beginning of a name: a-z, 0-9, - and _').optional(),
    dryRun: z.boolean('must be true or false').default(false),
  })
  .refine(({ label, search }) => label !== undefined || search !== undefined, {
    path: ['label'],
    message: 'must be given, or search instead',
  });

export type DatabaseDeletionBody = z.output<typeof databaseDeletion>;

/** Deleting many databases at once, by a label or by how their names begin. */
@Controller('v1/databases/delete')
export class DatabaseDeletionController {
  constructor(private readonly metadata: Metadata) {}

  /** Those that are protected from deletion stay. With `dryRun` nothing is done, and told how many are meant. */
  @Post()
  @HttpCode(202)
  @Access({ roles: BUILDERS, scopes: ['db:admin'] })
  async start(
    @CurrentCaller() caller: Caller,
    @JsonBody(databaseDeletion) { dryRun, label, search }: DatabaseDeletionBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    requireAllDatabases(caller);
    const selection = { ...(label && { label }), ...(search !== undefined && { search }) };
    const { operations } = this.metadata;
    const { id: organizationId } = caller.organization;
    if (dryRun) return { dryRun, matches: await operations.countDatabases(organizationId, selection) };
    const operation = await operations.deleteDatabases(organizationId, selection);
    void reply.header('location', `/v1/operations/${operation.id}`);
    return operationView(operation);
  }
}
