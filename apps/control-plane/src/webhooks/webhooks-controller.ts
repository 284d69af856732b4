import { Controller, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { isUlid, systemClock, systemRandom, UlidSource } from '@leasehold/foundation';
import { MAX_SIGNING_SECRETS, Metadata, type DeliveryRecord, type WebhookRecord } from '@leasehold/metadata';
import { OutboundClient } from '@leasehold/outbound';
import { ProblemError } from '@leasehold/protocol';

import { Access, ADMINS } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { JsonBody } from '../requests/json-body.js';
import { pageOf, PageQuery, type Page } from '../requests/page.js';
import { parseRowId, rowBefore } from '../requests/row-id.js';
import { checkTarget } from '../requests/target-url.js';
import {
  newWebhook,
  webhookChange,
  webhookRotation,
  type NewWebhook,
  type WebhookChange,
  type WebhookRotation,
} from './webhook-schemas.js';
import { WebhookSecrets } from './webhook-signature.js';

const TEST_EVENT = 'webhook.test';

/** Where the organization is told what happened in it. */
@Controller('v1/webhooks')
@Access({ roles: ADMINS, scopes: [] })
export class WebhooksController {
  private readonly ids = new UlidSource(systemClock, systemRandom);

  constructor(
    private readonly metadata: Metadata,
    private readonly secrets: WebhookSecrets,
    private readonly outbound: OutboundClient,
  ) {}

  /** `secret` is shown here and never again. */
  @Post()
  async create(@CurrentCaller() caller: Caller, @JsonBody(newWebhook) body: NewWebhook) {
    checkTarget(this.outbound, 'url', body.url);
    const settings = { ...body, enabled: true };
    const made = await this.metadata.webhooks.create(caller.organization.id, this.ids.next(), settings);
    return { ...shown(made), secret: this.secrets.shown(made.id, made.generation) };
  }

  /** All of them, oldest first: there are few. */
  @Get()
  async list(@CurrentCaller() caller: Caller) {
    return { webhooks: (await this.metadata.webhooks.list(caller.organization.id)).map(shown) };
  }

  @Get(':id')
  async read(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    return shown(await this.known(caller, id));
  }

  /** What is left out stays. Deliveries that wait go to the new URL. */
  @Patch(':id')
  async change(@CurrentCaller() caller: Caller, @Param('id') id: string, @JsonBody(webhookChange) body: WebhookChange) {
    if (body.url !== undefined) checkTarget(this.outbound, 'url', body.url);
    await this.known(caller, id);
    const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    await this.metadata.webhooks.change(caller.organization.id, id, given);
    return shown(await this.known(caller, id));
  }

  @Delete(':id')
  @HttpCode(204)
  async delete(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<void> {
    await this.known(caller, id);
    await this.metadata.webhooks.delete(caller.organization.id, id);
  }

  /** Another secret, shown here and never again; those before it sign beside it for a while. */
  @Post(':id/rotate')
  @HttpCode(200)
  async rotate(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @JsonBody(webhookRotation) { overlapSeconds }: WebhookRotation,
  ) {
    await this.known(caller, id);
    const now = systemClock.now();
    const endsAt = new Date(now + overlapSeconds * 1_000);
    const rotated = await this.metadata.webhooks.rotate(caller.organization.id, id, new Date(now), endsAt);
    if (!rotated) throw noSuchWebhook();
    if (rotated === 'full') {
      const problem = `${MAX_SIGNING_SECRETS} secrets of the webhook sign already: wait for the end of those before, or end them with overlapSeconds 0`;
      throw new ProblemError('conflict', problem);
    }
    return { ...shown(rotated), secret: this.secrets.shown(rotated.id, rotated.generation) };
  }

  /** An event of no consequence, for whoever sets up a receiver. */
  @Post(':id/test')
  @HttpCode(202)
  async test(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    await this.known(caller, id);
    const timestamp = new Date(systemClock.now()).toISOString();
    const payload = JSON.stringify({ type: TEST_EVENT, timestamp });
    return { id: await this.metadata.deliveries.add(id, `msg_${this.ids.next()}`, TEST_EVENT, payload) };
  }

  /** The latest in front. */
  @Get(':id/deliveries')
  async deliveries(@CurrentCaller() caller: Caller, @Param('id') id: string, @PageQuery() { limit, after }: Page) {
    const before = rowBefore(after);
    await this.known(caller, id);
    const found = await this.metadata.deliveries.list(id, before, limit + 1);
    const { items, cursor } = pageOf(found, limit, (delivery) => delivery.id);
    return { deliveries: items.map(shownDelivery), cursor };
  }

  /** The same message once more, delivered before or not. */
  @Post(':id/deliveries/:deliveryId/redeliver')
  @HttpCode(202)
  async redeliver(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('deliveryId') deliveryId: string,
  ): Promise<void> {
    await this.known(caller, id);
    const delivery = parseRowId(deliveryId);
    const now = new Date(systemClock.now());
    const isAgain = delivery !== undefined && (await this.metadata.deliveries.again(id, delivery, now));
    if (!isAgain) throw new ProblemError('not-found', 'the webhook has no such delivery');
  }

  private async known(caller: Caller, id: string): Promise<WebhookRecord> {
    const found = isUlid(id) ? await this.metadata.webhooks.get(caller.organization.id, id) : undefined;
    if (!found) throw noSuchWebhook();
    return found;
  }
}

function shown(record: WebhookRecord) {
  const { id, url, description, events, enabled, previousEndsAt, failingSince, createdAt } = record;
  const times = { previousSecretEndsAt: previousEndsAt, failingSince, createdAt };
  return { id, url, description, events, enabled, ...times };
}

function shownDelivery({ dueAt, state, ...delivery }: DeliveryRecord) {
  return { ...delivery, state, nextAttemptAt: state === 'waiting' ? dueAt : null };
}

function noSuchWebhook(): ProblemError {
  return new ProblemError('not-found', 'the organization has no such webhook');
}
