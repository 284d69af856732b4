import type { PrismaClient } from './generated/client.js';

/** Public halves of the keys that sign short-lived tokens. The data plane reads the two that were published last. */
export class TokenKeys {
  constructor(private readonly prisma: PrismaClient) {}

  /**
   * Makes it the latest, also when it was published before: a service that goes back to its former key signs with that one.
   *
   * @param publicKey Ed25519, 32 bytes
   */
  async publish(kid: string, publicKey: Uint8Array): Promise<void> {
    // The time of Postgres: services whose clocks disagree must not disagree about the order.
    await this.prisma.$executeRaw`
      INSERT INTO token_keys (kid, public_key, published_at) VALUES (${kid}, ${Buffer.from(publicKey)}, now())
      ON CONFLICT (kid) DO UPDATE SET published_at = now()`;
  }
}
