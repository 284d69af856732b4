import type { PrismaClient } from './generated/client.js';

export interface NewApiKey {
  readonly id: string;
  readonly name: string;
  /** SHA-256, 32 bytes. */
  readonly secretHash: Uint8Array;
  readonly lastFour: string;
  readonly scopes: readonly string[];
  readonly expiresAt: Date | undefined;
}

/** What may be shown of a key: neither the secret nor its hash. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly lastFour: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** What is needed to check a key. */
export interface StoredApiKey extends ApiKeyRecord {
  readonly organizationId: string;
  readonly secretHash: Uint8Array;
}

const RECORD = {
  id: true,
  name: true,
  lastFour: true,
  scopes: true,
  createdAt: true,
  expiresAt: true,
  revokedAt: true,
} as const;

/** API keys by organization. Only {@link find} looks across organizations, for a caller who is yet to be recognised. */
export class ApiKeys {
  constructor(private readonly prisma: PrismaClient) {}

  /** Durable, and visible to every later lookup, when it resolves. */
  async create(organizationId: string, key: NewApiKey): Promise<ApiKeyRecord> {
    return this.prisma.apiKey.create({
      data: {
        id: key.id,
        organizationId,
        name: key.name,
        secretHash: Uint8Array.from(key.secretHash),
        lastFour: key.lastFour,
        scopes: [...key.scopes],
        expiresAt: key.expiresAt ?? null,
      },
      select: RECORD,
    });
  }

  /**
   * A page, oldest first (ids sort by time); revoked ones too.
   *
   * @param after only ids behind this one
   * @param limit entries at most
   */
  async list(organizationId: string, after: string | undefined, limit: number): Promise<readonly ApiKeyRecord[]> {
    return this.prisma.apiKey.findMany({
      where: { organizationId, ...(after === undefined ? {} : { id: { gt: after } }) },
      orderBy: { id: 'asc' },
      take: limit,
      select: RECORD,
    });
  }

  /** The key with its hash, whichever organization it belongs to. */
  async find(id: string): Promise<StoredApiKey | undefined> {
    const select = { ...RECORD, organizationId: true, secretHash: true } as const;
    return (await this.prisma.apiKey.findUnique({ where: { id }, select })) ?? undefined;
  }

  /**
   * Revokes a key for ever. Idempotent: the first time stays recorded. Effective everywhere once the change feed has been
   * read (2 s).
   *
   * @returns false when the organization has no such key
   */
  async revoke(organizationId: string, id: string): Promise<boolean> {
    const { count } = await this.prisma.apiKey.updateMany({
      where: { organizationId, id, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    if (count > 0) return true;
    return (await this.prisma.apiKey.count({ where: { organizationId, id } })) > 0;
  }
}
