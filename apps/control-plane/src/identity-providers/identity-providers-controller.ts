import { Controller, Delete, Get, HttpCode, Inject, Param, Put } from '@nestjs/common';
import { IDENTITY_PREFIX } from '@leasehold/directory';
import { systemClock, systemRandom, UlidSource } from '@leasehold/foundation';
import { Metadata, type IdentityProviderRecord } from '@leasehold/metadata';
import { OutboundClient, type Outbound } from '@leasehold/outbound';
import { ProblemError } from '@leasehold/protocol';

import { Access, ADMINS, ROLES } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { JsonBody } from '../requests/json-body.js';
import { checkTarget } from '../requests/target-url.js';
import { newIdentityProvider, providerName, type NewIdentityProvider } from './identity-provider-schema.js';

/** No API key: it could make tokens that may more than itself. */
const READERS = { roles: ROLES, scopes: [] } as const;
const WRITERS = { roles: ADMINS, scopes: [] } as const;

/** Whose tokens an organization believes at the gateways. */
@Controller('v1/identity-providers')
export class IdentityProvidersController {
  private readonly ids = new UlidSource(systemClock, systemRandom);

  constructor(
    private readonly metadata: Metadata,
    @Inject(OutboundClient) private readonly outbound: Pick<Outbound, 'check'>,
  ) {}

  /** All of them, 20 at most. */
  @Get()
  @Access(READERS)
  async list(@CurrentCaller() caller: Caller): Promise<object> {
    const found = await this.metadata.identityProviders.list(caller.organization.id);
    return { identityProviders: found.map(viewOf) };
  }

  @Get(':name')
  @Access(READERS)
  async read(@CurrentCaller() caller: Caller, @Param('name') name: string): Promise<object> {
    const found = isName(name) && (await this.metadata.identityProviders.find(caller.organization.id, name));
    if (!found) throw noSuchProvider();
    return viewOf(found);
  }

  /** Makes it, or takes the place of what was said of it; its id stays. The gateways go by it within two seconds. */
  @Put(':name')
  @Access(WRITERS)
  async put(
    @CurrentCaller() caller: Caller,
    @Param('name') name: string,
    @JsonBody(newIdentityProvider) { issuer, audience, jwksUrl, mapping }: NewIdentityProvider,
  ): Promise<object> {
    if (!isName(name)) throw new ProblemError('not-found', 'no identity provider can have this name');
    checkTarget(this.outbound, 'jwksUrl', jwksUrl);
    const { database: databaseTemplate, prefix: prefixTemplate = null, scopes } = mapping;
    const settings = { issuer, audience, jwksUrl, databaseTemplate, prefixTemplate, scopes };
    const { organization } = caller;
    return viewOf(await this.metadata.identityProviders.put(organization.id, name, this.ids.next(), settings));
  }

  /** None of its tokens is believed any more, within two seconds. */
  @Delete(':name')
  @HttpCode(204)
  @Access(WRITERS)
  async delete(@CurrentCaller() caller: Caller, @Param('name') name: string): Promise<void> {
    const isGone = isName(name) && (await this.metadata.identityProviders.delete(caller.organization.id, name));
    if (!isGone) throw noSuchProvider();
  }
}

function viewOf(record: IdentityProviderRecord): object {
  const { id, name, issuer, audience, jwksUrl, databaseTemplate, prefixTemplate, scopes, createdAt } = record;
  return {
    ...{ id, name, issuer, audience, jwksUrl },
    mapping: { database: databaseTemplate, ...(prefixTemplate === null ? {} : { prefix: prefixTemplate }), scopes },
    /** What stands before a token, with a dot between. */
    bearerPrefix: `${IDENTITY_PREFIX}${id}`,
    createdAt: createdAt.toISOString(),
  };
}

function isName(text: string): boolean {
  return providerName.safeParse(text).success;
}

function noSuchProvider(): ProblemError {
  return new ProblemError('not-found', 'the organization has no such identity provider');
}
