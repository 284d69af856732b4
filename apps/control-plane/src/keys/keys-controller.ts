import { Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { isScope, mintApiKey, mintSecret } from '@leasehold/directory';
import { isUlid, systemClock, systemRandom, UlidSource } from '@leasehold/foundation';
import { Metadata, type ApiKeyRecord } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, ADMINS, checkGrant, confined, endOfGrant, mayKnow, outlives } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { JsonBody } from '../requests/json-body.js';
import { pageOf, PageQuery, type Page } from '../requests/page.js';
import { newKey, rotation, type NewKeyBody, type RotationBody } from './key-schemas.js';
import { viewOf, type KeyView } from './key-view.js';

const KEY_ADMINS = { roles: ADMINS, scopes: ['keys:admin'] } as const;

type ShownOnce = KeyView & { readonly key: string };

/** The organization's API keys. */
@Controller('v1/keys')
@Access(KEY_ADMINS)
export class KeysController {
  private readonly ids = new UlidSource(systemClock, systemRandom);

  constructor(private readonly metadata: Metadata) {}

  /** `key` is shown here and never again. The data plane knows it at once. */
  @Post()
  async create(@CurrentCaller() caller: Caller, @JsonBody(newKey) body: NewKeyBody): Promise<ShownOnce> {
    const { name, scopes } = body;
    const grant = confined(caller, { databases: body.databases, keyPrefix: body.prefix ?? body.prefix64 });
    checkGrant(caller, { scopes, ...grant });
    const expiresAt = endOfGrant(caller, body.expiresAt);
    const { key, ...minted } = mintApiKey(this.ids, systemRandom);
    const stored = { ...minted, name, scopes, ...grant, expiresAt };
    return { ...this.shown(await this.metadata.apiKeys.create(caller.organization.id, stored)), key };
  }

  /** Oldest first, revoked ones too, without secrets; a page may have fewer than its limit, and others behind it, where a confined key asks. */
  @Get()
  async list(@CurrentCaller() caller: Caller, @PageQuery() { limit, after }: Page) {
    const found = await this.metadata.apiKeys.list(caller.organization.id, after, limit + 1);
    const { items, cursor } = pageOf(found, limit, (key) => key.id);
    return { keys: items.filter((key) => mayKnow(caller, key)).map((key) => this.shown(key)), cursor };
  }

  /**
   * Another secret for the same key, shown here and never again; the present one works on for a while. Whoever asks is shown a secret, so that it
   * needs as much as making the key.
   */
  @Post(':id/rotate')
  async rotate(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @JsonBody(rotation) { overlapSeconds }: RotationBody,
  ): Promise<ShownOnce> {
    const { apiKeys } = this.metadata;
    const organizationId = caller.organization.id;
    const present = await this.known(caller, id);
    if (!isLive(present)) throw noSuchKey();
    checkGrant(caller, { ...present, scopes: present.scopes.filter(isScope) });
    if (outlives(caller, present.expiresAt)) {
      throw new ProblemError('forbidden', 'the API key cannot show a secret that outlives it');
    }
    const { key, ...secret } = mintSecret(id, systemRandom);
    const endsAt = new Date(systemClock.now() + overlapSeconds * 1_000);
    if (!(await apiKeys.rotate(organizationId, id, secret, endsAt))) {
      throw new ProblemError('conflict', 'two secrets of the API key live already: end the previous one first');
    }
    const rotated = await apiKeys.get(organizationId, id);
    if (!rotated) throw noSuchKey();
    return { ...this.shown(rotated), key };
  }

  /** Idempotent: the secret before the present one ends, within two seconds at every gateway. */
  @Delete(':id/previous')
  @HttpCode(204)
  async endPrevious(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<void> {
    await this.known(caller, id);
    if (!(await this.metadata.apiKeys.endPrevious(caller.organization.id, id))) throw noSuchKey();
  }

  /** Idempotent. The gateways refuse the key within two seconds. */
  @Delete(':id')
  @HttpCode(204)
  async revoke(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<void> {
    await this.known(caller, id);
    if (!(await this.metadata.apiKeys.revoke(caller.organization.id, id))) throw noSuchKey();
  }

  /** @throws ProblemError api-key-not-found, also of one that the caller may not know of */
  private async known(caller: Caller, id: string): Promise<ApiKeyRecord> {
    const found = isUlid(id) ? await this.metadata.apiKeys.get(caller.organization.id, id) : undefined;
    if (!found || !mayKnow(caller, found)) throw noSuchKey();
    return found;
  }

  private shown(key: ApiKeyRecord): KeyView {
    return viewOf(key, systemClock.now());
  }
}

function isLive({ revokedAt, expiresAt }: ApiKeyRecord): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt.getTime() > systemClock.now());
}

function noSuchKey(): ProblemError {
  return new ProblemError('api-key-not-found', 'the organization has no such API key');
}
