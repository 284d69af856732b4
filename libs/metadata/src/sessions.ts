import type { PrismaClient } from './generated/client.js';

export interface SessionEntry {
  readonly id: string;
  /** Of the connection that logged in; null when it was not known. */
  readonly ipAddress: string | null;
  /** What the program that logged in says of itself. */
  readonly userAgent: string | null;
  readonly createdAt: Date;
  /** When it was last prolonged by being used. */
  readonly updatedAt: Date;
}

/** Never the token: who holds one session shall not get the others. */
const ENTRY = { id: true, ipAddress: true, userAgent: true, createdAt: true, updatedAt: true } as const;

/** Sessions of single people. */
export class Sessions {
  constructor(private readonly prisma: PrismaClient) {}

  /** Those that have not expired, the latest used in front. */
  async list(userId: string, now: Date, limit: number): Promise<readonly SessionEntry[]> {
    return this.prisma.session.findMany({
      where: { userId, expiresAt: { gt: now } },
      orderBy: [{ updatedAt: 'desc' }, { id: 'desc' }],
      take: limit,
      select: ENTRY,
    });
  }

  /** Effective for every request from here on. @returns false when the person has no such session */
  async end(userId: string, id: string): Promise<boolean> {
    return (await this.prisma.session.deleteMany({ where: { userId, id } })).count > 0;
  }

  /** Of whoever holds it. */
  async endByToken(token: string): Promise<void> {
    await this.prisma.session.deleteMany({ where: { token } });
  }

  /** From the next request on, it acts for this organization; of which the person is a member, or it acts for another one of theirs. */
  async actFor(userId: string, id: string, organizationId: string): Promise<void> {
    await this.prisma.session.updateMany({ where: { userId, id }, data: { activeOrganizationId: organizationId } });
  }

  /** All but one. */
  async endOthers(userId: string, keptId: string): Promise<void> {
    await this.prisma.session.deleteMany({ where: { userId, id: { not: keptId } } });
  }
}
