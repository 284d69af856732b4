import { systemClock, systemRandom } from '@leasehold/foundation';
import type { Metadata } from '@leasehold/metadata';
import { OutboundClient } from '@leasehold/outbound';
import type { Logger } from '@leasehold/service-kit';
import type { INestApplicationContext } from '@nestjs/common';

import { repeat } from '../repeat.js';
import { DELIVERY_INTERVAL_MS, DeliveryLoop } from './delivery-loop.js';
import { WebhookSender } from './webhook-sender.js';
import { WebhookSecrets } from './webhook-signature.js';

const TIDY_INTERVAL_MS = 5 * 60 * 1_000;

/** Delivers to webhooks until the signal aborts; what is under way then is delivered by another instance, or the next one. */
export function startDeliveries(
  app: Pick<INestApplicationContext, 'get'>,
  metadata: Metadata,
  logger: Logger,
  signal: AbortSignal,
): void {
  const sender = new WebhookSender(app.get(OutboundClient), app.get(WebhookSecrets), systemClock, systemRandom);
  const loop = new DeliveryLoop(metadata, sender, systemClock, logger);
  void repeat(() => loop.look(signal), DELIVERY_INTERVAL_MS, signal);
  const tidy = async (): Promise<'again'> => {
    for (const { id, organizationId } of await loop.tidy()) {
      logger.warn({ webhookId: id, organizationId }, 'a webhook to which nothing comes is disabled');
    }
    return 'again';
  };
  void repeat(tidy, TIDY_INTERVAL_MS, signal);
}
