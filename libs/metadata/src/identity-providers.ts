import { TooManyError } from './errors.js';
import type { PrismaClient } from './generated/client.js';
import { lockOrganization } from './organization-lock.js';

/** Of one organization: those of its environments and partners. */
export const MAX_IDENTITY_PROVIDERS = 20;

/** Whose tokens an organization believes, and what they grant (libs/directory, identity-provider.ts). */
export interface IdentityProviderSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly databaseTemplate: string;
  readonly prefixTemplate: string | null;
  readonly scopes: readonly string[];
}

export interface IdentityProviderRecord extends IdentityProviderSettings {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
}

const ROW = {
  id: true,
  name: true,
  issuer: true,
  audience: true,
  jwksUrl: true,
  databaseTemplate: true,
  prefixTemplate: true,
  scopes: true,
  createdAt: true,
} as const;

/** Identity providers of organizations. Effective at every gateway once the change feed has been read (2 s). */
export class IdentityProviders {
  constructor(private readonly prisma: PrismaClient) {}

  /** All of the organization, by name: {@link MAX_IDENTITY_PROVIDERS} at most. */
  list(organizationId: string): Promise<readonly IdentityProviderRecord[]> {
    return this.prisma.identityProvider.findMany({
      where: { organizationId },
      orderBy: { name: 'asc' },
      take: MAX_IDENTITY_PROVIDERS,
      select: ROW,
    });
  }

  async find(organizationId: string, name: string): Promise<IdentityProviderRecord | undefined> {
    const where = { organizationId_name: { organizationId, name } };
    return (await this.prisma.identityProvider.findUnique({ where, select: ROW })) ?? undefined;
  }

  /**
   * Makes the provider of this name, or takes the place of what was said of it; its id stays.
   *
   * @param id of a new one
   * @throws TooManyError
   */
  async put(
    organizationId: string,
    name: string,
    id: string,
    { scopes, ...settings }: IdentityProviderSettings,
  ): Promise<IdentityProviderRecord> {
    const where = { organizationId_name: { organizationId, name } };
    const data = { ...settings, scopes: [...scopes] };
    return this.prisma.$transaction(async (transaction) => {
      await lockOrganization(transaction, organizationId);
      const others = await transaction.identityProvider.count({ where: { organizationId, name: { not: name } } });
      if (others >= MAX_IDENTITY_PROVIDERS) throw new TooManyError('identity providers', MAX_IDENTITY_PROVIDERS);
      const create = { id, organizationId, name, ...data };
      return transaction.identityProvider.upsert({ where, create, update: data, select: ROW });
    });
  }

  /** @returns false when the organization has none of this name */
  async delete(organizationId: string, name: string): Promise<boolean> {
    const { count } = await this.prisma.identityProvider.deleteMany({ where: { organizationId, name } });
    return count > 0;
  }
}
