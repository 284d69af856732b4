import { Controller, Get, Put } from '@nestjs/common';
import { Metadata } from '@leasehold/metadata';
import { z } from 'zod';

import { Access, ADMINS, requireAllDatabases, ROLES } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { JsonBody } from '../requests/json-body.js';
import { ANY_ORIGIN, isOrigin } from './cors-origin.js';

const MAX_ORIGINS = 50;

export const newCors = z.strictObject({
  origins: z
    .array(
      z
        .string()
        .refine(
          (text) => text === ANY_ORIGIN || isOrigin(text),
          'must be an origin as browsers send it, such as https://app.example.com, or *',
        ),
    )
    .max(MAX_ORIGINS, `must have at most ${MAX_ORIGINS} origins`)
    .refine((origins) => new Set(origins).size === origins.length, 'must not name an origin twice')
    .refine((origins) => origins.length === 1 || !origins.includes(ANY_ORIGIN), 'must name * alone'),
});

interface Cors {
  readonly origins: readonly string[];
}

const READERS = { roles: ROLES, scopes: ['db:admin'] } as const;
const WRITERS = { roles: ADMINS, scopes: ['db:admin'] } as const;

/** Whose pages may call the organization's databases from browsers. */
@Controller('v1/cors')
export class CorsController {
  constructor(private readonly metadata: Metadata) {}

  @Get()
  @Access(READERS)
  async read(@CurrentCaller() caller: Caller): Promise<Cors> {
    return { origins: await this.metadata.settings.corsOrigins(caller.organization.id) };
  }

  /** Takes the place of all before. The gateways go by it within two seconds. */
  @Put()
  @Access(WRITERS)
  async write(
    @CurrentCaller() caller: Caller,
    @JsonBody(newCors) { origins }: z.output<typeof newCors>,
  ): Promise<Cors> {
    requireAllDatabases(caller);
    await this.metadata.settings.setCorsOrigins(caller.organization.id, origins);
    return { origins };
  }
}
