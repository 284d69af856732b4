import { createHmac } from 'node:crypto';

/** As Standard Webhooks wants: 24 to 64 bytes. */
const SECRET_PREFIX = 'whsec_';

/**
 * Signing secrets of webhooks, by Standard Webhooks. Derived, so that whoever reads the table, or a copy of it, can sign nothing: of a key of the
 * installation, the webhook and the generation.
 */
export class WebhookSecrets {
  /** @param key changing it changes the secrets of all webhooks */
  constructor(private readonly key: string) {}

  /** As the receiver is shown it, once. */
  shown(webhookId: string, generation: number): string {
    return `${SECRET_PREFIX}${this.secret(webhookId, generation).toString('base64')}`;
  }

  /**
   * The header `webhook-signature`.
   *
   * @param generations each gives a signature, and the receiver is content with any
   * @param timestampSeconds since the Unix epoch
   */
  sign(
    webhookId: string,
    generations: readonly number[],
    messageId: string,
    timestampSeconds: number,
    payload: string,
  ): string {
    return generations
      .map((generation) => {
        const hmac = createHmac('sha256', this.secret(webhookId, generation));
        return `v1,${hmac.update(`${messageId}.${timestampSeconds}.${payload}`).digest('base64')}`;
      })
      .join(' ');
  }

  private secret(webhookId: string, generation: number): Buffer {
    return createHmac('sha256', this.key).update(`leasehold webhook ${webhookId} ${generation}`).digest();
  }
}
