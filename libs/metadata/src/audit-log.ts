import type { Author } from './author.js';
import { Prisma, type PrismaClient } from './generated/client.js';

export interface AuditEntry {
  /** Grows; decimal digits. */
  readonly id: string;
  readonly at: Date;
  readonly organizationId: string | null;
  readonly actorKind: Author['kind'] | 'system';
  readonly actorId: string | null;
  readonly actorName: string | null;
  readonly sessionId: string | null;
  readonly address: string | null;
  readonly agent: string | null;
  readonly requestId: string | null;
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId: string | null;
  readonly subjectName: string | null;
  /** What changed, as it was; null: there was nothing before. */
  readonly before: unknown;
  /** What changed, as it is; null: there is nothing any more. */
  readonly after: unknown;
}

/** All that are given have to fit. */
export interface AuditFilter {
  readonly action?: string | undefined;
  readonly actorId?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly since?: Date | undefined;
  /** Not included. */
  readonly until?: Date | undefined;
}

/** What was done to something that is no row here. */
export interface AuditNote {
  readonly organizationId: string | null;
  readonly action: 'database.compaction-cancelled';
  readonly subjectKind: 'database';
  readonly subjectId: string;
  readonly subjectName: string | null;
  readonly after: object;
}

interface AuditRow extends Omit<AuditEntry, 'id'> {
  readonly id: bigint;
}

/**
 * Who changed what. Entries are made by triggers (the migration `audit_log`), in the transaction of the change; here they are read, and go when they
 * are old. What changes no row is noted here.
 */
export class AuditLog {
  constructor(private readonly prisma: PrismaClient) {}

  /**
   * A page of one organization's, the latest in front.
   *
   * @param before only ids below this one
   * @param limit entries at most
   */
  async list(
    organizationId: string,
    before: bigint | undefined,
    limit: number,
    { action, actorId, subjectId, since, until }: AuditFilter = {},
  ): Promise<readonly AuditEntry[]> {
    const where: Prisma.AuditEntryWhereInput = {
      organizationId,
      ...(before === undefined ? {} : { id: { lt: before } }),
      ...(action === undefined ? {} : { action }),
      ...(actorId === undefined ? {} : { actorId }),
      ...(subjectId === undefined ? {} : { subjectId }),
      ...(since === undefined && until === undefined
        ? {}
        : { at: { ...(since && { gte: since }), ...(until && { lt: until }) } }),
    };
    const found = await this.prisma.auditEntry.findMany({ where, orderBy: { id: 'desc' }, take: limit });
    return (found as AuditRow[]).map(({ id, ...row }) => ({ ...row, id: String(id) }));
  }

  /** The author is the request's, as of any change. */
  async note({ organizationId, action, subjectKind, subjectId, subjectName, after }: AuditNote): Promise<void> {
    await this.prisma.$executeRaw`
      INSERT INTO audit_entries (at, organization_id, actor_kind, actor_id, actor_name, session_id, address, agent, request_id,
        action, subject_kind, subject_id, subject_name, after)
      SELECT clock_timestamp(), ${organizationId}::text, COALESCE(author ->> 'kind', 'system'), author ->> 'id', author ->> 'name',
        author ->> 'sessionId', author ->> 'address', author ->> 'agent', author ->> 'requestId',
        ${action}::text, ${subjectKind}::text, ${subjectId}::text, ${subjectName}::text, ${JSON.stringify(after)}::jsonb
      FROM (SELECT COALESCE(NULLIF(current_setting('leasehold.author', true), ''), '{}')::jsonb AS author) AS present`;
  }

  /**
   * The only way in which entries go: the oldest of all organizations.
   *
   * @param limit entries at most
   * @returns how many
   */
  async prune(olderThan: Date, limit: number): Promise<number> {
    const [row] = await this.prisma.$queryRaw<{ readonly pruned: number }[]>`
      SELECT prune_audit_entries(${olderThan}::timestamptz, ${limit}::int) AS pruned`;
    return row?.pruned ?? 0;
  }
}
