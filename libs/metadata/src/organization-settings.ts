import type { PrismaClient } from './generated/client.js';

/** What an organization has decided about itself. Every method works inside one organization. */
export class OrganizationSettings {
  constructor(private readonly prisma: PrismaClient) {}

  /** Origins whose pages may call the data plane; none at first. */
  async corsOrigins(organizationId: string): Promise<readonly string[]> {
    const where = { organizationId };
    const found = await this.prisma.organizationSettings.findUnique({ where, select: { corsOrigins: true } });
    return found?.corsOrigins ?? [];
  }

  /** Takes the place of those before. Effective at every gateway once the change feed has been read (2 s). */
  async setCorsOrigins(organizationId: string, origins: readonly string[]): Promise<void> {
    const corsOrigins = [...origins];
    await this.prisma.organizationSettings.upsert({
      where: { organizationId },
      create: { organizationId, corsOrigins },
      update: { corsOrigins },
    });
  }
}
