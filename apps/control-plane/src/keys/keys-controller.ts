import { Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { mintApiKey } from '@leasehold/directory';
import { systemClock, systemRandom, UlidSource } from '@leasehold/foundation';
import { Metadata, type ApiKeyRecord } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, checkGrant } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { JsonBody } from '../requests/json-body.js';
import { pageOf, PageQuery, type Page } from '../requests/page.js';
import { newKey, type NewKeyBody } from './key-schemas.js';

const KEY_ADMINS = { roles: ['owner', 'admin'], scopes: ['keys:admin'] } as const;
const KEY_ID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** The organization's API keys. */
@Controller('v1/keys')
@Access(KEY_ADMINS)
export class KeysController {
  private readonly ids = new UlidSource(systemClock, systemRandom);

  constructor(private readonly metadata: Metadata) {}

  /** `key` is shown here and never again. The data plane knows it at once. */
  @Post()
  async create(
    @CurrentCaller() caller: Caller,
    @JsonBody(newKey) body: NewKeyBody,
  ): Promise<ApiKeyRecord & { readonly key: string }> {
    checkGrant(caller, body.scopes);
    const { key, ...minted } = mintApiKey(this.ids, systemRandom);
    const stored = { ...minted, name: body.name, scopes: body.scopes, expiresAt: body.expiresAt };
    return { ...(await this.metadata.apiKeys.create(caller.organization.id, stored)), key };
  }

  /** Oldest first, revoked ones too, without secrets. */
  @Get()
  async list(@CurrentCaller() caller: Caller, @PageQuery() { limit, after }: Page) {
    const found = await this.metadata.apiKeys.list(caller.organization.id, after, limit + 1);
    const { items, cursor } = pageOf(found, limit, (key) => key.id);
    return { keys: items, cursor };
  }

  /** Idempotent. The gateways refuse the key within two seconds. */
  @Delete(':id')
  @HttpCode(204)
  async revoke(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<void> {
    const known = KEY_ID.test(id) && (await this.metadata.apiKeys.revoke(caller.organization.id, id));
    if (!known) throw new ProblemError('api-key-not-found', 'the organization has no such API key');
  }
}
