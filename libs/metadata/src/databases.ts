import { randomUUID } from 'node:crypto';

import { isDatabaseId } from '@leasehold/foundation';

import { DatabaseExistsError, isUniqueViolation } from './errors.js';
import type { PrismaClient } from './generated/client.js';

export interface DatabaseRecord {
  /** Lower-case UUID, never used twice. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
}

const RECORD = { id: true, name: true, createdAt: true } as const;

/** Names and owners of databases. Every method works inside one organization and cannot see another's. */
export class Databases {
  constructor(private readonly prisma: PrismaClient) {}

  /**
   * Durable, and visible to every later lookup, when it resolves.
   *
   * @throws DatabaseExistsError when a database of this name is alive in the organization
   */
  async create(organizationId: string, name: string): Promise<DatabaseRecord> {
    try {
      return await this.prisma.database.create({ data: { id: randomUUID(), organizationId, name }, select: RECORD });
    } catch (error) {
      if (isUniqueViolation(error)) throw new DatabaseExistsError();
      throw error;
    }
  }

  /**
   * A page in the order of names.
   *
   * @param after only names behind this one
   * @param limit entries at most
   * @param patterns of names, with a `*` that stands for any text; undefined: all
   */
  async list(
    organizationId: string,
    after: string | undefined,
    limit: number,
    patterns?: readonly string[],
  ): Promise<readonly DatabaseRecord[]> {
    if (patterns !== undefined) return this.listMatching(organizationId, after ?? '', limit, patterns);
    return this.prisma.database.findMany({
      where: { organizationId, deletedAt: null, ...(after === undefined ? {} : { name: { gt: after } }) },
      orderBy: { name: 'asc' },
      take: limit,
      select: RECORD,
    });
  }

  private listMatching(
    organizationId: string,
    after: string,
    limit: number,
    patterns: readonly string[],
  ): Promise<readonly DatabaseRecord[]> {
    const likes = patterns.map((pattern) => pattern.replaceAll('_', String.raw`\_`).replaceAll('*', '%'));
    return this.prisma.$queryRaw<DatabaseRecord[]>`
      SELECT id::text, name, created_at AS "createdAt" FROM databases
      WHERE organization_id = ${organizationId} AND deleted_at IS NULL AND name > ${after} AND name LIKE ANY(${likes})
      ORDER BY name LIMIT ${limit}::int`;
  }

  async named(organizationId: string, name: string): Promise<DatabaseRecord | undefined> {
    const where = { organizationId, deletedAt: null, name };
    return (await this.prisma.database.findFirst({ where, select: RECORD })) ?? undefined;
  }

  /** By name, else by id: a name may look like an id, and names are what people choose. */
  async find(organizationId: string, nameOrId: string): Promise<DatabaseRecord | undefined> {
    const named = await this.named(organizationId, nameOrId);
    if (named || !isDatabaseId(nameOrId)) return named;
    const where = { organizationId, deletedAt: null, id: nameOrId };
    return (await this.prisma.database.findFirst({ where, select: RECORD })) ?? undefined;
  }
}
