import type { PrismaClient } from './generated/client.js';

export interface DeliveryRecord {
  /** Decimal digits; grows. */
  readonly id: string;
  readonly messageId: string;
  readonly event: string;
  readonly state: string;
  readonly attempts: number;
  readonly dueAt: Date;
  readonly createdAt: Date;
  readonly lastAttemptAt: Date | null;
  /** Of the latest attempt: HTTP status, else why there was none. */
  readonly status: number | null;
  readonly failure: string | null;
  readonly durationMs: number | null;
  readonly answer: string | null;
}

/** One that is due, and ours until its claim runs out. */
export interface ClaimedDelivery {
  readonly id: bigint;
  readonly claims: number;
  readonly attempts: number;
  readonly messageId: string;
  readonly event: string;
  readonly payload: string;
  readonly webhookId: string;
  readonly organizationId: string;
  readonly url: string;
  readonly generation: number;
  /** Until then every generation from `oldestGeneration` on signs; null there: from the one before. */
  readonly previousEndsAt: Date | null;
  readonly oldestGeneration: number | null;
  readonly failingSince: Date | null;
}

/** What came of an attempt. */
export interface DeliveryOutcome {
  readonly status: number | null;
  readonly failure: string | null;
  readonly durationMs: number;
  readonly answer: string | null;
  /** Undefined: it arrived. Null: there is no further attempt. Else when the next one is. */
  readonly retryAt: Date | null | undefined;
  /** Nothing more goes to this webhook before; undefined: no pause. */
  readonly pausedUntil: Date | undefined;
}

const ROW = {
  ...{ id: true, messageId: true, event: true, state: true, attempts: true, dueAt: true, createdAt: true },
  ...{ lastAttemptAt: true, status: true, failure: true, durationMs: true, answer: true },
} as const;

/** What is to be told to webhooks, and what came of it. At least once: what nobody settled in time is claimed again. */
export class WebhookDeliveries {
  constructor(private readonly prisma: PrismaClient) {}

  /** The latest in front. @param before only ids below this one */
  async list(webhookId: string, before: bigint | undefined, limit: number): Promise<readonly DeliveryRecord[]> {
    const where = { webhookId, ...(before === undefined ? {} : { id: { lt: before } }) };
    const found = await this.prisma.webhookDelivery.findMany({
      where,
      orderBy: { id: 'desc' },
      take: limit,
      select: ROW,
    });
    return found.map(({ id, ...row }) => ({ ...row, id: String(id) }));
  }

  async add(webhookId: string, messageId: string, event: string, payload: string): Promise<string> {
    const data = { webhookId, messageId, event, payload };
    return String((await this.prisma.webhookDelivery.create({ data, select: { id: true } })).id);
  }

  /** The same message once more, with all its attempts. @returns false when the webhook has no such delivery */
  async again(webhookId: string, id: bigint, now: Date): Promise<boolean> {
    const data = { state: 'waiting', attempts: 0, dueAt: now, claims: { increment: 1 } };
    return (await this.prisma.webhookDelivery.updateMany({ where: { webhookId, id }, data })).count > 0;
  }

  /**
   * Takes what is due, `limit` together, in turns of the webhooks: however much waits for one of them, the others have theirs. Of several who claim
   * at once each gets others.
   *
   * @param until from then on others may claim it again
   * @param perWebhook under way at the same time to one, with those of `underWay`
   * @param underWay how many are, by webhook
   */
  claim(
    now: Date,
    until: Date,
    limit: number,
    perWebhook: number,
    underWay: ReadonlyMap<string, number> = new Map(),
  ): Promise<readonly ClaimedDelivery[]> {
    const [busy, counts] = [[...underWay.keys()], [...underWay.values()]];
    return this.prisma.$queryRaw<ClaimedDelivery[]>`
      WITH RECURSIVE waiting (webhook_id) AS (
        (SELECT webhook_id FROM webhook_deliveries WHERE state = 'waiting' ORDER BY webhook_id LIMIT 1)
        UNION ALL
        SELECT (
          SELECT d.webhook_id FROM webhook_deliveries d WHERE d.state = 'waiting' AND d.webhook_id > w.webhook_id
          ORDER BY d.webhook_id LIMIT 1) FROM waiting w WHERE w.webhook_id IS NOT NULL
      )
      UPDATE webhook_deliveries AS d SET claims = d.claims + 1, attempts = d.attempts + 1, due_at = ${until}::timestamptz
      FROM webhooks w
      WHERE w.id = d.webhook_id AND d.id IN (
        SELECT l.id FROM webhook_deliveries l WHERE l.state = 'waiting' AND l.due_at <= ${now}::timestamptz AND l.id IN (
          SELECT due.id FROM waiting JOIN webhooks o ON o.id = waiting.webhook_id
          LEFT JOIN unnest(${busy}::text[], ${counts}::int[]) AS busy (webhook_id, count) ON busy.webhook_id = o.id
          CROSS JOIN LATERAL (
            SELECT c.id, c.due_at, row_number() OVER (ORDER BY c.due_at, c.id) AS rank FROM webhook_deliveries c
            WHERE c.webhook_id = o.id AND c.state = 'waiting' AND c.due_at <= ${now}::timestamptz
            ORDER BY c.due_at, c.id LIMIT ${perWebhook}::int
          ) AS due
          WHERE o.enabled AND (o.paused_until IS NULL OR o.paused_until <= ${now}::timestamptz)
            AND due.rank + COALESCE(busy.count, 0) <= ${perWebhook}::int
          ORDER BY due.rank, due.due_at LIMIT ${limit}::int
        ) FOR UPDATE SKIP LOCKED)
      RETURNING d.id, d.claims, d.attempts, d.message_id AS "messageId", d.event, d.payload, w.id AS "webhookId",
        w.organization_id AS "organizationId", w.url, w.generation, w.previous_ends_at AS "previousEndsAt",
        w.oldest_generation AS "oldestGeneration", w.failing_since AS "failingSince"`;
  }

  /** @returns false, and nothing is changed, when somebody else has claimed it meanwhile */
  async settle(claimed: ClaimedDelivery, now: Date, outcome: DeliveryOutcome): Promise<boolean> {
    const { retryAt, pausedUntil, ...told } = outcome;
    const arrived = retryAt === undefined;
    const state = arrived ? 'delivered' : retryAt === null ? 'failed' : 'waiting';
    const data = { ...told, state, lastAttemptAt: now, ...(retryAt ? { dueAt: retryAt } : {}) };
    const where = { id: claimed.id, claims: claimed.claims, state: 'waiting' };
    const { count } = await this.prisma.webhookDelivery.updateMany({ where, data });
    if (count === 0) return false;
    const webhook = { id: claimed.webhookId };
    if (arrived) {
      const failing = { ...webhook, failingSince: { not: null } };
      await this.prisma.webhook.updateMany({ where: failing, data: { failingSince: null, pausedUntil: null } });
    } else {
      await this.prisma.webhook.updateMany({ where: { ...webhook, failingSince: null }, data: { failingSince: now } });
      if (pausedUntil) await this.prisma.webhook.updateMany({ where: webhook, data: { pausedUntil } });
    }
    return true;
  }

  /** Disables webhooks to which nothing has come since then. @returns those that were enabled until now */
  async disable(
    failingSince: Date,
  ): Promise<readonly { readonly id: string; readonly organizationId: string; readonly url: string }[]> {
    return this.prisma.$queryRaw`
      UPDATE webhooks SET enabled = false WHERE enabled AND failing_since < ${failingSince}::timestamptz
      RETURNING id, organization_id AS "organizationId", url`;
  }

  /** @param limit deliveries at most @returns how many */
  prune(olderThan: Date, limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM webhook_deliveries WHERE id IN (
        SELECT id FROM webhook_deliveries WHERE created_at < ${olderThan}::timestamptz ORDER BY created_at LIMIT ${limit}::int)`;
  }
}
