import { TooManyError } from './errors.js';
import type { PrismaClient } from './generated/client.js';
import { lockOrganization } from './organization-lock.js';

/** Of one organization: each change of it costs a delivery for each of them. */
export const MAX_WEBHOOKS = 20;

/** That sign beside each other: the present one, and those before it whose receivers may not have changed over yet. */
export const MAX_SIGNING_SECRETS = 4;

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

  /**
   * Another signing secret. Those before it sign on until then, and no shorter than was said before: a receiver that was given one may count on
   * it. An end that is not after now ends all of them.
   *
   * @returns undefined when the organization has no such webhook; `full`, and nothing is changed, when {@link MAX_SIGNING_SECRETS} sign already
   */
  async rotate(
    organizationId: string,
    id: string,
    now: Date,
    previousEndsAt: Date,
  ): Promise<WebhookRecord | 'full' | undefined> {
    // One statement: of two rotations at once the second finds what the first one left.
    const count = await this.prisma.$executeRaw`
      WITH present AS (
        SELECT id, CASE WHEN ${previousEndsAt}::timestamptz > ${now}::timestamptz AND previous_ends_at > ${now}::timestamptz
          THEN COALESCE(oldest_generation, generation - 1) ELSE generation END AS oldest
        FROM webhooks WHERE organization_id = ${organizationId} AND id = ${id} FOR UPDATE)
      UPDATE webhooks w SET generation = w.generation + 1, oldest_generation = p.oldest,
        previous_ends_at = CASE WHEN p.oldest < w.generation THEN GREATEST(w.previous_ends_at, ${previousEndsAt}::timestamptz)
          ELSE ${previousEndsAt}::timestamptz END
      FROM present p WHERE w.id = p.id AND w.generation + 1 - p.oldest < ${MAX_SIGNING_SECRETS}::int`;
    const found = await this.get(organizationId, id);
    return found !== undefined && count === 0 ? 'full' : found;
  }

  /** With its deliveries. @returns false when the organization has no such webhook */
  async delete(organizationId: string, id: string): Promise<boolean> {
    return (await this.prisma.webhook.deleteMany({ where: { organizationId, id } })).count > 0;
  }
}
