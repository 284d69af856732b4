import type { Clock } from '@leasehold/foundation';
import type { ClaimedDelivery, Metadata } from '@leasehold/metadata';
import type { Logger } from '@leasehold/service-kit';

import { SEND_TIMEOUT_MS, type WebhookSender } from './webhook-sender.js';

/** Between two looks for deliveries that are due. */
export const DELIVERY_INTERVAL_MS = 1_000;
/** Under way at once at one instance. */
const AT_ONCE = 32;
/** Of them to one webhook, so that one that hangs does not take all. */
const PER_WEBHOOK = 4;
/** An instance that dies holds a delivery back for so long. */
const CLAIM_MS = 4 * SEND_TIMEOUT_MS;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** A webhook to which nothing came for so long is disabled. */
const DISABLED_AFTER_MS = 5 * DAY_MS;
/** How long the delivery log is kept. */
const KEEP_MS = 30 * DAY_MS;
const PRUNE_BATCH = 1_000;
const PRUNE_BATCHES = 20;

type Disabled = Awaited<ReturnType<Metadata['deliveries']['disable']>>[number];

/** Delivers what is due. Several instances share the work; nothing is lost when one dies, and some is sent twice then. */
export class DeliveryLoop {
  /** How many, by webhook. */
  private readonly underWay = new Map<string, number>();

  constructor(
    private readonly metadata: Pick<Metadata, 'deliveries'>,
    private readonly sender: Pick<WebhookSender, 'send'>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Takes what is due and has room, and lets it run; one look does not wait for slow receivers of the one before. Never throws. */
  async look(signal: AbortSignal): Promise<'again'> {
    const room = AT_ONCE - [...this.underWay.values()].reduce((sum, count) => sum + count, 0);
    if (room <= 0) return 'again';
    try {
      const now = this.clock.now();
      const until = new Date(now + CLAIM_MS);
      const claimed = await this.metadata.deliveries.claim(new Date(now), until, room, PER_WEBHOOK, this.underWay);
      for (const delivery of claimed) void this.deliver(delivery, signal);
    } catch (error) {
      this.logger.warn({ err: error }, 'webhooks are not delivered this time');
    }
    return 'again';
  }

  /** Lets go old deliveries, and disables webhooks that have failed for long. Never throws. */
  async tidy(): Promise<readonly Disabled[]> {
    try {
      const now = this.clock.now();
      for (let batch = 0; batch < PRUNE_BATCHES; batch++) {
        if ((await this.metadata.deliveries.prune(new Date(now - KEEP_MS), PRUNE_BATCH)) < PRUNE_BATCH) break;
      }
      return await this.metadata.deliveries.disable(new Date(now - DISABLED_AFTER_MS));
    } catch (error) {
      this.logger.warn({ err: error }, 'webhooks are not tidied up this time');
      return [];
    }
  }

  private async deliver(claimed: ClaimedDelivery, signal: AbortSignal): Promise<void> {
    this.count(claimed, 1);
    try {
      const outcome = await this.sender.send(claimed, signal);
      await this.metadata.deliveries.settle(claimed, new Date(this.clock.now()), outcome);
    } catch (error) {
      // Aborted, or not settled: the claim runs out, and the delivery is tried again.
      if (!signal.aborted) this.logger.warn({ err: error }, 'what came of a delivery could not be noted');
    } finally {
      this.count(claimed, -1);
    }
  }

  private count({ webhookId }: ClaimedDelivery, change: 1 | -1): void {
    const count = (this.underWay.get(webhookId) ?? 0) + change;
    if (count === 0) this.underWay.delete(webhookId);
    else this.underWay.set(webhookId, count);
  }
}
