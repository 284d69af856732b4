import { Controller, Post } from '@nestjs/common';
import { tokenLifetime } from '@leasehold/directory';
import { systemClock, systemRandom, UlidSource, type DatabaseId, type TenantId } from '@leasehold/foundation';
import { Metadata } from '@leasehold/metadata';
import { checkDatabaseName, ProblemError } from '@leasehold/protocol';

import { Access, BUILDERS, checkGrant, confined, mayName } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { noSuchDatabase } from '../databases/named-database.js';
import { JsonBody } from '../requests/json-body.js';
import { TokenMint } from './token-mint.js';
import { newToken, TOKEN_SCOPES, type NewTokenBody } from './token-schemas.js';

const MAKERS = { roles: BUILDERS, scopes: TOKEN_SCOPES } as const;

export interface MintedToken {
  /** Shown here, and stored nowhere. */
  readonly token: string;
  readonly expiresAt: Date;
}

/**
 * Short-lived tokens for browsers and edge code, which must not hold API keys: for one database, perhaps for the keys of one prefix. They
 * cannot be listed or revoked one by one; all of a key's end with it.
 */
@Controller('v1/tokens')
export class TokensController {
  private readonly ids = new UlidSource(systemClock, systemRandom);

  constructor(
    private readonly metadata: Metadata,
    private readonly mint: TokenMint,
  ) {}

  @Post()
  @Access(MAKERS)
  async create(
    @CurrentCaller() caller: Caller,
    @JsonBody(newToken) { database: name, scopes, ttlSeconds, prefix, prefix64 }: NewTokenBody,
  ): Promise<MintedToken> {
    const grant = confined(caller, { databases: undefined, keyPrefix: prefix ?? prefix64 });
    checkGrant(caller, { scopes, ...grant });
    const isNamed = mayName(caller, checkDatabaseName(name));
    const database = isNamed ? await this.metadata.databases.named(caller.organization.id, name) : undefined;
    if (!database) throw noSuchDatabase();
    const { issuedAt, expiresAt: askedFor } = tokenLifetime(systemClock.now(), ttlSeconds);
    const expiresAt = Math.min(askedFor, endOf(caller));
    // Its key ends within this second, and the next request would be refused anyway.
    if (expiresAt <= issuedAt) throw new ProblemError('invalid-api-key', 'the API key is not valid');
    const token = await this.mint.mint({
      id: this.ids.next(),
      tenantId: caller.organization.id as TenantId,
      keyId: caller.kind === 'key' ? caller.keyId : undefined,
      scopes: new Set(scopes),
      database: { id: database.id as DatabaseId, name: database.name },
      keyPrefix: grant.keyPrefix,
      issuedAt,
      expiresAt,
    });
    return { token, expiresAt: new Date(expiresAt) };
  }
}

/** Ms since the epoch; infinite where there is no end. */
function endOf(caller: Caller): number {
  if (caller.kind !== 'key' || caller.expiresAt === undefined) return Infinity;
  return Math.floor(caller.expiresAt.getTime() / 1_000) * 1_000;
}
