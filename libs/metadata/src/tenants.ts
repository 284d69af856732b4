import type { PrismaClient } from './generated/client.js';
import type { SuspensionRecord } from './suspensions.js';

/** An organization as operators see it in a list. */
export interface TenantSummary {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly createdAt: Date;
  /** Null: it is not suspended. */
  readonly suspension: SuspensionRecord | null;
}

export interface TenantDetail extends TenantSummary {
  /** The first {@link MEMBERS_LIMIT}. */
  readonly members: readonly { readonly email: string; readonly role: string }[];
  /** That are not revoked. */
  readonly apiKeys: number;
}

/** Whose a database is and what it is called, deleted or not. */
export interface OwnedRecord {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
}

/** Shown of one organization. */
const MEMBERS_LIMIT = 100;

const SUMMARY = { id: true, name: true, slug: true, createdAt: true, suspension: true } as const;

interface SummaryRow extends Omit<TenantSummary, 'suspension'> {
  readonly suspension: (Omit<SuspensionRecord, 'number'> & { readonly number: bigint | null }) | null;
}

/** Organizations for operators of the service: of everybody. */
export class Tenants {
  constructor(private readonly prisma: PrismaClient) {}

  /**
   * A page, by id. A search reads on from the page before until it has found enough, all organizations at the worst: its time grows with
   * their number, and the time of a statement bounds it.
   *
   * @param search a part of the name or of a member's address, in any case, or the id; undefined: all
   * @param after only ids behind this one
   * @param limit entries at most
   */
  async search(
    search: string | undefined,
    after: string | undefined,
    limit: number,
  ): Promise<readonly TenantSummary[]> {
    const part = { contains: escaped(search ?? ''), mode: 'insensitive' } as const;
    const matches = { OR: [{ id: search }, { name: part }, { members: { some: { user: { email: part } } } }] };
    const found = await this.prisma.organization.findMany({
      where: { ...(after === undefined ? {} : { id: { gt: after } }), ...(search === undefined ? {} : matches) },
      orderBy: { id: 'asc' },
      take: limit,
      select: SUMMARY,
    });
    return found.map(summaryOf);
  }

  /** Of these databases, a page of them at most, those that are known. */
  async databasesNamed(ids: readonly string[]): Promise<readonly OwnedRecord[]> {
    if (ids.length === 0) return [];
    const select = { id: true, organizationId: true, name: true };
    return this.prisma.database.findMany({ where: { id: { in: [...ids] } }, select });
  }

  async find(id: string): Promise<TenantDetail | undefined> {
    const found = await this.prisma.organization.findUnique({
      where: { id },
      select: {
        ...SUMMARY,
        members: {
          take: MEMBERS_LIMIT,
          orderBy: { id: 'asc' },
          select: { role: true, user: { select: { email: true } } },
        },
        _count: { select: { apiKeys: { where: { revokedAt: null } } } },
      },
    });
    if (found === null) return undefined;
    const { members, _count, ...tenant } = found;
    return {
      ...summaryOf(tenant),
      members: members.map(({ role, user: { email } }) => ({ email, role })),
      apiKeys: _count.apiKeys,
    };
  }
}

/** Of LIKE, whose wildcards a name may hold. */
function escaped(text: string): string {
  return text.replace(/[\\%_]/g, String.raw`\$&`);
}

function summaryOf({ suspension, ...tenant }: SummaryRow): TenantSummary {
  const number = suspension?.number ?? null;
  return { ...tenant, suspension: suspension && { ...suspension, number: number === null ? null : Number(number) } };
}
