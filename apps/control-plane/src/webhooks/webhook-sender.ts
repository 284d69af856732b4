import { isLeaseholdError, type Clock, type Random } from '@leasehold/foundation';
import { MAX_SIGNING_SECRETS, type ClaimedDelivery, type DeliveryOutcome } from '@leasehold/metadata';
import type { Outbound } from '@leasehold/outbound';

import { membersOf } from '../audit/audit-view.js';
import { waitMsAfter } from './retry-schedule.js';
import type { WebhookSecrets } from './webhook-signature.js';

/** From resolving the name to the last byte of the answer. */
export const SEND_TIMEOUT_MS = 15_000;
/** Of the answer, in the delivery log. */
const ANSWER_BYTES = 1_024;
/** After a failure nothing more goes to the same webhook for so long. */
const PAUSE_MS = 2_000;
/** The receiver wants no more of this. */
const GONE = 410;

/** One attempt of a delivery: signs, sends, and says what came of it. */
export class WebhookSender {
  constructor(
    private readonly outbound: Outbound,
    private readonly secrets: WebhookSecrets,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** Rejects only when the signal aborts. */
  async send(claimed: ClaimedDelivery, signal: AbortSignal): Promise<DeliveryOutcome> {
    const startedAt = this.clock.monotonic();
    const told = await this.ask(claimed, signal);
    const durationMs = Math.round(this.clock.monotonic() - startedAt);
    if (told.status !== null && told.status >= 200 && told.status < 300) {
      return { ...told, durationMs, retryAt: undefined, pausedUntil: undefined };
    }
    const now = this.clock.now();
    const waitMs = told.status === GONE ? undefined : waitMsAfter(claimed.attempts, this.random.fraction());
    return {
      ...told,
      durationMs,
      retryAt: waitMs === undefined ? null : new Date(now + waitMs),
      pausedUntil: new Date(now + PAUSE_MS),
    };
  }

  private async ask(claimed: ClaimedDelivery, signal: AbortSignal) {
    try {
      const body = bodyOf(claimed.payload);
      const { status, body: answer } = await this.outbound.call({
        url: claimed.url,
        method: 'POST',
        headers: this.headersOf(claimed, body),
        body,
        timeoutMs: SEND_TIMEOUT_MS,
        maxAnswerBytes: ANSWER_BYTES,
        largerAnswer: 'cut',
        signal,
      });
      // Postgres takes no NUL.
      const text = Buffer.from(answer).toString('utf8').replaceAll('\0', '\ufffd');
      return { status, failure: null, answer: text };
    } catch (error) {
      signal.throwIfAborted();
      // The messages of libs/outbound are fit for whoever named the target; others are not.
      const failure = isLeaseholdError(error) ? error.message : 'the delivery failed inside the service';
      return { status: null, failure, answer: null };
    }
  }

  private headersOf(claimed: ClaimedDelivery, body: string): Record<string, string> {
    const { webhookId, messageId } = claimed;
    const nowMs = this.clock.now();
    const timestampSeconds = Math.floor(nowMs / 1_000);
    const generations = signingGenerations(claimed, nowMs);
    return {
      'content-type': 'application/json',
      'user-agent': 'Leasehold-Webhooks',
      'webhook-id': messageId,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': this.secrets.sign(webhookId, generations, messageId, timestampSeconds, body),
    };
  }
}

/** Members have the names that the API gives them. The same for every attempt. */
function bodyOf(payload: string): string {
  const { data, ...message } = JSON.parse(payload) as { data?: Record<string, unknown> };
  if (data === undefined) return payload;
  const changes = { before: membersOf(data['before']), after: membersOf(data['after']) };
  return JSON.stringify({ ...message, data: { ...data, ...changes } });
}

/** The present one in front: of those that sign, receivers try the first one first. */
function signingGenerations(
  { generation, previousEndsAt, oldestGeneration }: ClaimedDelivery,
  nowMs: number,
): number[] {
  const overlaps = previousEndsAt !== null && previousEndsAt.getTime() > nowMs;
  const oldest = overlaps ? (oldestGeneration ?? generation - 1) : generation;
  const count = Math.min(generation - oldest + 1, MAX_SIGNING_SECRETS);
  return Array.from({ length: count }, (_, back) => generation - back);
}
