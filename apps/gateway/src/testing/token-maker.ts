import { generateKeyPairSync } from 'node:crypto';

import { parseApiKey, TokenSigner } from '@leasehold/directory';
import type { TokenClaims } from '@leasehold/directory';
import type { DatabaseId, TenantId } from '@leasehold/foundation';

import type { FakeDirectorySource } from './fake-directory-source.js';
import { DATABASE_ID } from './gateway-world.js';

const LIFETIME_MS = 60_000;

/** A control plane, as far as it makes tokens: its key is published. */
export class TokenMaker {
  private made = 0;

  private constructor(private readonly signer: TokenSigner) {}

  static async over(source: FakeDirectorySource): Promise<TokenMaker> {
    const maker = new TokenMaker(await TokenSigner.over(generateKeyPairSync('ed25519').privateKey));
    source.publish(maker.signer.publicKey);
    return maker;
  }

  /** By default for the database `main` of tenant-a, to read and to write. */
  make(apiKey: string | undefined, more: Partial<TokenClaims> = {}): Promise<string> {
    const issuedAt = Math.floor(Date.now() / 1_000) * 1_000;
    return this.signer.sign({
      id: String(++this.made),
      tenantId: 'tenant-a' as TenantId,
      keyId: apiKey === undefined ? undefined : parseApiKey(apiKey)?.id,
      scopes: new Set(['data:read', 'data:write']),
      database: { id: DATABASE_ID as DatabaseId, name: 'main' },
      keyPrefix: undefined,
      issuedAt,
      expiresAt: issuedAt + LIFETIME_MS,
      ...more,
    });
  }
}
