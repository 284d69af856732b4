import type { PrismaClient } from './generated/client.js';

export interface NewApiKey extends NewSecret {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Patterns of the names of the only databases; undefined: all. */
  readonly databases?: readonly string[] | undefined;
  /** Only keys that begin so; undefined: all. */
  readonly keyPrefix?: Uint8Array | undefined;
  readonly expiresAt: Date | undefined;
}

export interface NewSecret {
  /** SHA-256, 32 bytes. */
  readonly secretHash: Uint8Array;
  readonly lastFour: string;
}

/** What may be shown of a key: neither the secret nor its hash. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly lastFour: string;
  readonly scopes: readonly string[];
  readonly databases: readonly string[] | undefined;
  readonly keyPrefix: Uint8Array | undefined;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** As far as it has been told, which is late by what libs/directory states (key-uses.ts). */
  readonly lastUsedAt: Date | null;
  /** The generation of the secret before the present one; it may have ended. */
  readonly previous: { readonly lastFour: string; readonly endsAt: Date } | null;
}

/** What is needed to check a key. */
export interface StoredApiKey extends ApiKeyRecord {
  readonly organizationId: string;
  readonly secretHash: Uint8Array;
  readonly previousSecretHash: Uint8Array | null;
}

const ROW = {
  id: true,
  name: true,
  lastFour: true,
  scopes: true,
  databases: true,
  keyPrefix: true,
  createdAt: true,
  expiresAt: true,
  revokedAt: true,
  previousLastFour: true,
  previousEndsAt: true,
  use: { select: { lastUsedAt: true } },
} as const;

interface ApiKeyRow extends Omit<ApiKeyRecord, 'databases' | 'keyPrefix' | 'lastUsedAt' | 'previous'> {
  readonly databases: readonly string[];
  readonly keyPrefix: Uint8Array | null;
  readonly previousLastFour: string | null;
  readonly previousEndsAt: Date | null;
  readonly use: { readonly lastUsedAt: Date } | null;
}

/** API keys by organization. Only {@link find} looks across organizations, for a caller who is yet to be recognised. */
export class ApiKeys {
  constructor(private readonly prisma: PrismaClient) {}

  /** Durable, and visible to every later lookup, when it resolves. */
  async create(organizationId: string, key: NewApiKey): Promise<ApiKeyRecord> {
    const created = await this.prisma.apiKey.create({
      data: {
        id: key.id,
        organizationId,
        name: key.name,
        secretHash: Uint8Array.from(key.secretHash),
        lastFour: key.lastFour,
        scopes: [...key.scopes],
        databases: [...(key.databases ?? [])],
        keyPrefix: key.keyPrefix === undefined ? null : Uint8Array.from(key.keyPrefix),
        expiresAt: key.expiresAt ?? null,
      },
      select: ROW,
    });
    return recordOf(created);
  }

  /**
   * A page, oldest first (ids sort by time); revoked ones too.
   *
   * @param after only ids behind this one
   * @param limit entries at most
   */
  async list(organizationId: string, after: string | undefined, limit: number): Promise<readonly ApiKeyRecord[]> {
    const found = await this.prisma.apiKey.findMany({
      where: { organizationId, ...(after === undefined ? {} : { id: { gt: after } }) },
      orderBy: { id: 'asc' },
      take: limit,
      select: ROW,
    });
    return found.map(recordOf);
  }

  async get(organizationId: string, id: string): Promise<ApiKeyRecord | undefined> {
    const found = await this.prisma.apiKey.findFirst({ where: { organizationId, id }, select: ROW });
    return found === null ? undefined : recordOf(found);
  }

  /** The key with its hashes, whichever organization it belongs to. */
  async find(id: string): Promise<StoredApiKey | undefined> {
    const select = { ...ROW, organizationId: true, secretHash: true, previousSecretHash: true } as const;
    const found = await this.prisma.apiKey.findUnique({ where: { id }, select });
    if (found === null) return undefined;
    const { organizationId, secretHash, previousSecretHash } = found;
    return { ...recordOf(found), organizationId, secretHash, previousSecretHash };
  }

  /**
   * Gives a live key another secret; the one before works until `previousEndsAt`. Effective everywhere at once for the new one, for the end of
   * the old one exactly then, or once the change feed has been read (2 s) where that is later.
   *
   * @returns false, and nothing is changed, when the organization has no such live key, or two of its secrets live already
   */
  async rotate(organizationId: string, id: string, secret: NewSecret, previousEndsAt: Date): Promise<boolean> {
    const now = new Date();
    // One statement: of two rotations at once the second finds what the first one left.
    const count = await this.prisma.$executeRaw`
      UPDATE api_keys SET previous_secret_hash = secret_hash, previous_last_four = last_four,
        previous_ends_at = ${previousEndsAt}, secret_hash = ${Buffer.from(secret.secretHash)}, last_four = ${secret.lastFour}
      WHERE organization_id = ${organizationId} AND id = ${id} AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > ${now}) AND (previous_ends_at IS NULL OR previous_ends_at <= ${now})`;
    return count > 0;
  }

  /**
   * Ends the secret before the present one now. Idempotent. Effective everywhere once the change feed has been read (2 s).
   *
   * @returns false when the organization has no such key
   */
  async endPrevious(organizationId: string, id: string): Promise<boolean> {
    const { count } = await this.prisma.apiKey.updateMany({
      where: { organizationId, id },
      data: { previousSecretHash: null, previousLastFour: null, previousEndsAt: null },
    });
    return count > 0;
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

function recordOf({ use, previousLastFour, previousEndsAt, databases, keyPrefix, ...row }: ApiKeyRow): ApiKeyRecord {
  const { id, name, lastFour, scopes, createdAt, expiresAt, revokedAt } = row;
  return {
    ...{ id, name, lastFour, scopes, createdAt, expiresAt, revokedAt },
    databases: databases.length === 0 ? undefined : databases,
    keyPrefix: keyPrefix ?? undefined,
    lastUsedAt: use?.lastUsedAt ?? null,
    previous:
      previousLastFour === null || previousEndsAt === null
        ? null
        : { lastFour: previousLastFour, endsAt: previousEndsAt },
  };
}
