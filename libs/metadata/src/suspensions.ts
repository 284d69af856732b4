import type { PrismaClient } from './generated/client.js';

/** A tenant that operators have suspended. */
export interface SuspensionRecord {
  readonly organizationId: string;
  readonly reason: string;
  readonly suspendedBy: string;
  readonly suspendedAt: Date;
  /** Of the state in the bucket that said so first; null: only Postgres knows. */
  readonly number: number | null;
}

export interface CopiedSuspension extends SuspensionRecord {
  readonly number: number;
}

/** A state in the bucket. */
export interface CopiedState {
  readonly number: number;
  /** Unique to its writing. */
  readonly id: string;
  readonly suspended: readonly CopiedSuspension[];
}

/** Of a log that is not the one of which there is a copy; `number`: as far as that went. */
export interface OtherLog {
  readonly number: number;
  /** It differs for certain; else it does where its latest state, read after this, is before `number`. */
  readonly differs: boolean;
}

/** As many as a state in the bucket has at most. */
const REVOKED_KEYS_LIMIT = 10_000;
const REMOVED_PROVIDERS_LIMIT = 1_000;

/** Suspended organizations. Effective at every gateway once the change feed has been read (2 s). */
export class Suspensions {
  constructor(private readonly prisma: PrismaClient) {}

  async of(organizationId: string): Promise<SuspensionRecord | undefined> {
    const found = await this.prisma.organizationSuspension.findUnique({ where: { organizationId } });
    return found === null ? undefined : { ...found, number: found.number === null ? null : Number(found.number) };
  }

  /** Where there is no bucket to tell: suspends unless it is suspended already. Rejects when there is no such organization. */
  async suspend(organizationId: string, reason: string, suspendedBy: string, suspendedAt: Date): Promise<void> {
    await this.prisma.organizationSuspension.createMany({
      data: [{ organizationId, reason, suspendedBy, suspendedAt }],
      skipDuplicates: true,
    });
  }

  /** Ends this suspension, where there is no bucket to tell, or only Postgres knows; one that somebody has made since stays. Idempotent. */
  async resume({ organizationId, number }: Pick<SuspensionRecord, 'organizationId' | 'number'>): Promise<void> {
    await this.prisma.organizationSuspension.deleteMany({ where: { organizationId, number } });
  }

  /**
   * Takes over what a state in the bucket says. States that are older than the one before change nothing, so that several may copy. Rows that
   * only Postgres knows stay; tenants that are unknown here are passed over.
   *
   * @param instead of the log that was copied so far, as it was told: what that one suspended stays so, and only Postgres knows of it from now on
   * @returns undefined: it is copied, or was; else what is copied is not of this log, or of a later state of it, and nothing is changed
   */
  async copy({ number, id, suspended }: CopiedState, instead?: OtherLog): Promise<OtherLog | undefined> {
    const state = `${number} ${id}`;
    const rows = suspended.map((entry) => ({
      organization_id: entry.organizationId,
      reason: entry.reason,
      suspended_by: entry.suspendedBy,
      suspended_at: entry.suspendedAt.toISOString(),
      number: entry.number,
    }));
    const json = JSON.stringify(rows);
    return this.prisma.$transaction(async (transaction) => {
      const [former] = await transaction.$queryRaw<{ readonly number: bigint; readonly state: string | null }[]>`
        SELECT number, state FROM revocation_progress WHERE id = 1 FOR UPDATE`;
      const copied = { number: Number(former?.number ?? 0), differs: isAnother(former?.state ?? null, number, state) };
      if (copied.number === instead?.number) {
        await transaction.$executeRaw`UPDATE organization_suspensions SET number = NULL WHERE number IS NOT NULL`;
      } else if (copied.number >= number) {
        return copied.differs || copied.number > number ? copied : undefined;
      }
      await transaction.$executeRaw`UPDATE revocation_progress SET number = ${number}, state = ${state} WHERE id = 1`;
      await transaction.$executeRaw`
        DELETE FROM organization_suspensions WHERE number IS NOT NULL AND organization_id NOT IN (
          SELECT organization_id FROM jsonb_to_recordset(${json}::jsonb) AS r (organization_id text))`;
      await transaction.$executeRaw`
        INSERT INTO organization_suspensions (organization_id, reason, suspended_by, suspended_at, number)
        SELECT r.organization_id, r.reason, r.suspended_by, r.suspended_at, r.number
        FROM jsonb_to_recordset(${json}::jsonb)
          AS r (organization_id text, reason text, suspended_by text, suspended_at timestamptz, number bigint)
        JOIN organizations o ON o.id = r.organization_id
        ON CONFLICT (organization_id) DO UPDATE SET reason = EXCLUDED.reason, suspended_by = EXCLUDED.suspended_by,
          suspended_at = EXCLUDED.suspended_at, number = EXCLUDED.number
        WHERE organization_suspensions.number IS DISTINCT FROM EXCLUDED.number`;
      return undefined;
    });
  }

  /**
   * What was taken over last: the state, and who was suspended in it. Undefined: nothing yet.
   */
  async copied(): Promise<{ readonly number: number; readonly suspended: readonly CopiedSuspension[] } | undefined> {
    return this.prisma.$transaction(
      async (transaction) => {
        const progress = await transaction.revocationProgress.findUnique({ where: { id: 1 } });
        if (progress === null || progress.number === 0n) return undefined;
        const rows = await transaction.organizationSuspension.findMany({ where: { number: { not: null } } });
        const suspended = rows.map((row) => ({ ...row, number: Number(row.number) }));
        return { number: Number(progress.number), suspended };
      },
      // One moment for both.
      { isolationLevel: 'RepeatableRead' },
    );
  }

  /** Identity providers that were removed since then, within the last hour; a thousand at most. */
  async providersRemovedSince(since: Date): Promise<readonly { readonly id: string; readonly removedAt: Date }[]> {
    return this.prisma.$queryRaw`
      SELECT c.subject AS id, max(c.created_at) AS "removedAt" FROM changes c
      WHERE c.created_at > ${since} AND c.kind = 'identity-provider'
        AND NOT EXISTS (SELECT FROM identity_providers p WHERE p.id = c.subject)
      GROUP BY c.subject ORDER BY max(c.created_at) DESC LIMIT ${REMOVED_PROVIDERS_LIMIT}::int`;
  }

  /** API keys that were revoked since then, whoever's they are; the latest ones where there are more than the bucket keeps. */
  async keysRevokedSince(since: Date): Promise<readonly { readonly id: string; readonly revokedAt: Date }[]> {
    const found = await this.prisma.apiKey.findMany({
      where: { revokedAt: { gt: since } },
      orderBy: { revokedAt: 'desc' },
      take: REVOKED_KEYS_LIMIT,
      select: { id: true, revokedAt: true },
    });
    return found.flatMap(({ id, revokedAt }) => (revokedAt === null ? [] : [{ id, revokedAt }]));
  }
}

/** Whether a state of this number was copied, and is another one. One that is told with another number is older than the number: nothing is known then. */
function isAnother(copied: string | null, number: number, state: string): boolean {
  return copied !== null && copied.startsWith(`${number} `) && copied !== state;
}
