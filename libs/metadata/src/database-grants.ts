import { TooManyError } from './errors.js';
import { Prisma, type PrismaClient } from './generated/client.js';
import { lockOrganization } from './organization-lock.js';

/** Of one database: whoever shares with more than that wants a service in front of it. */
export const MAX_GRANTS = 100;

export type GrantAccess = 'read' | 'write';

/** As the owner sees it. */
export interface DatabaseGrantRecord {
  readonly organizationId: string;
  readonly access: GrantAccess;
  readonly createdAt: Date;
}

/** As the organization sees it that has it. */
export interface SharedDatabaseRecord {
  readonly databaseId: string;
  /** Of the owner: its slug, a tilde, and the database's name with it. How the database is addressed. */
  readonly name: string;
  readonly access: GrantAccess;
  readonly createdAt: Date;
}

/** Databases that organizations share with others. Every method works on the side of one organization, and sees what is its own or was granted to it. */
export class DatabaseGrants {
  constructor(private readonly prisma: PrismaClient) {}

  /**
   * Takes the place of a grant that the organization has already. With the gateways once the change feed has been read (2 s).
   *
   * @returns undefined when the owner has no such database, or there is no such other organization
   * @throws TooManyError: the database has {@link MAX_GRANTS} already
   */
  async put(
    ownerId: string,
    databaseId: string,
    organizationId: string,
    access: GrantAccess,
  ): Promise<DatabaseGrantRecord | undefined> {
    return this.prisma.$transaction(async (transaction) => {
      await lockOrganization(transaction, ownerId);
      const others = await transaction.databaseGrant.count({
        where: { databaseId, organizationId: { not: organizationId }, database: { organizationId: ownerId } },
      });
      if (others >= MAX_GRANTS) throw new TooManyError('grants of a database', MAX_GRANTS);
      const [granted] = await transaction.$queryRaw<DatabaseGrantRecord[]>`
        INSERT INTO database_grants AS g (database_id, organization_id, access)
        SELECT d.id, o.id, ${access} FROM databases d CROSS JOIN organizations o
        WHERE d.id = ${databaseId}::uuid AND d.organization_id = ${ownerId} AND d.deleted_at IS NULL
          AND o.id = ${organizationId} AND o.id <> ${ownerId}
        ON CONFLICT (database_id, organization_id) DO UPDATE SET access = EXCLUDED.access
        RETURNING g.organization_id AS "organizationId", g.access, g.created_at AS "createdAt"`;
      return granted;
    });
  }

  /** Those of one database, by organization; at most {@link MAX_GRANTS}. */
  async list(ownerId: string, databaseId: string): Promise<readonly DatabaseGrantRecord[]> {
    return this.prisma.$queryRaw<DatabaseGrantRecord[]>`
      SELECT g.organization_id AS "organizationId", g.access, g.created_at AS "createdAt"
      FROM database_grants g JOIN databases d ON d.id = g.database_id
      WHERE g.database_id = ${databaseId}::uuid AND d.organization_id = ${ownerId} ORDER BY g.organization_id`;
  }

  /** Gone for the gateways once the change feed has been read (2 s). False when there is none. */
  async revoke(ownerId: string, databaseId: string, organizationId: string): Promise<boolean> {
    const { count } = await this.prisma.databaseGrant.deleteMany({
      where: { databaseId, organizationId, database: { organizationId: ownerId } },
    });
    return count > 0;
  }

  /**
   * What others share with the organization, in the order of their ids: whoever is shared a great many, asked or not, has pages that cost no more
   * than others.
   *
   * @param after only ids behind this one
   * @param limit entries at most
   */
  async sharedWith(
    organizationId: string,
    after: string | undefined,
    limit: number,
  ): Promise<readonly SharedDatabaseRecord[]> {
    const behind = after === undefined ? Prisma.empty : Prisma.sql`AND g.database_id > ${after}::uuid`;
    return this.prisma.$queryRaw<SharedDatabaseRecord[]>`
      SELECT g.database_id::text AS "databaseId", o.slug || '~' || d.name AS name, g.access, g.created_at AS "createdAt"
      FROM database_grants g JOIN databases d ON d.id = g.database_id JOIN organizations o ON o.id = d.organization_id
      WHERE g.organization_id = ${organizationId} AND d.deleted_at IS NULL ${behind}
      ORDER BY g.database_id LIMIT ${limit}::int`;
  }
}
