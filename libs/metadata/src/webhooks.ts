import { TooManyError } from './errors.js';
import type { PrismaClient } from './generated/client.js';
import { lockOrganization } from './organization-lock.js';

/** Of one organization: each change of it costs a delivery for each of them. */
export const MAX_WEBHOOKS = 20;

export interface WebhookSettings {
  readonly url: string;
  readonly description: string;
  /** Actions of the audit log; empty: all. */
  readonly events: readonly string[];
  readonly enabled: boolean;
}

export interface WebhookRecord extends WebhookSettings {
  readonly id: string;
  /** Of the signing secret. */
  readonly generation: number;
  readonly previousEndsAt: Date | null;
  readonly failingSince: Date | null;
  readonly createdAt: Date;
}

const ROW = {
  ...{ id: true, url: true, description: true, events: true, enabled: true },
  ...{ generation: true, previousEndsAt: true, failingSince: true, createdAt: true },
} as const;

/** Where organizations want to be told what happened. Every method works inside one organization. */
export class Webhooks {
  constructor(private readonly prisma: PrismaClient) {}

  /** @throws TooManyError: the organization has {@link MAX_WEBHOOKS} already */
  async create(organizationId: string, id: string, settings: WebhookSettings): Promise<WebhookRecord> {
    const data = { id, organizationId, ...settings, events: [...settings.events] };
    return this.prisma.$transaction(async (transaction) => {
      await lockOrganization(transaction, organizationId);
      const present = await transaction.webhook.count({ where: { organizationId } });
      if (present >= MAX_WEBHOOKS) throw new TooManyError('webhooks of an organization', MAX_WEBHOOKS);
      return transaction.webhook.create({ data, select: ROW });
    });
  }

  /** All, oldest first: there are {@link MAX_WEBHOOKS} at most. */
  list(organizationId: string): Promise<readonly WebhookRecord[]> {
    return this.prisma.webhook.findMany({ where: { organizationId }, orderBy: { id: 'asc' }, select: ROW });
  }

  async get(organizationId: string, id: string): Promise<WebhookRecord | undefined> {
    return (await this.prisma.webhook.findFirst({ where: { organizationId, id }, select: ROW })) ?? undefined;
  }

  /** What is left out stays. One that is enabled again begins anew. @returns false when the organization has no such webhook */
  async change(organizationId: string, id: string, changes: Partial<WebhookSettings>): Promise<boolean> {
    const { events, enabled, ...others } = changes;
    const data = {
      ...others,
      ...(events && { events: [...events] }),
      ...(enabled === undefined ? {} : { enabled }),
      ...(enabled === true ? { failingSince: null, pausedUntil: null } : {}),
    };
    return (await this.prisma.webhook.updateMany({ where: { organizationId, id }, data })).count > 0;
  }

  /** Another signing secret; the one before signs beside it until then. @returns undefined when the organization has no such webhook */
  async rotate(organizationId: string, id: string, previousEndsAt: Date): Promise<WebhookRecord | undefined> {
    const data = { generation: { increment: 1 }, previousEndsAt };
    const { count } = await this.prisma.webhook.updateMany({ where: { organizationId, id }, data });
    return count > 0 ? this.get(organizationId, id) : undefined;
  }

  /** With its deliveries. @returns false when the organization has no such webhook */
  async delete(organizationId: string, id: string): Promise<boolean> {
    return (await this.prisma.webhook.deleteMany({ where: { organizationId, id } })).count > 0;
  }
}
