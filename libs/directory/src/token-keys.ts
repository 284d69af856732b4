import { elapsedMsSince, instant, LeaseholdError, type Clock, type Instant } from '@leasehold/foundation';
import { importJWK, type CryptoKey } from 'jose';

import type { PublicTokenKey } from './directory-source.js';
import { TOKEN_ALGORITHM } from './token-claims.js';

/** Looks at the store for kids that are not known follow each other at this distance at the earliest. */
const PACE_MS = 200;
/** Who waits for such a look; more are refused as overload. Each holds a request. */
const MAX_WAITING = 1_000;
const RETRY_AFTER_MS = 1_000;

/**
 * The public keys that tokens are believed by, all of them in memory: there are two at most.
 *
 * A kid that is not known is looked for in the store, at a bounded pace however many kids are tried: whoever asks meanwhile waits for the
 * same look, if it began after they came.
 */
export class TokenKeys {
  private keys: ReadonlyMap<string, CryptoKey> = new Map();
  /** As the store has said them. */
  private published: readonly PublicTokenKey[] = [];
  private lookedAt: Instant | undefined;
  private next: Promise<ReadonlyMap<string, CryptoKey>> | undefined;
  private waiting = 0;
  /** Counts what was forgotten: a look that began before tells nothing of what came after. */
  private forgotten = 0;

  constructor(
    private readonly load: () => Promise<readonly PublicTokenKey[]>,
    private readonly clock: Clock,
  ) {}

  /** @throws what the store throws; LeaseholdError overloaded */
  async find(kid: string): Promise<CryptoKey | undefined> {
    const known = this.keys.get(kid);
    if (known !== undefined) return known;
    if (this.waiting >= MAX_WAITING) {
      throw new LeaseholdError('unavailable', 'overloaded', 'too many tokens wait for their keys', {
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    this.waiting++;
    try {
      // Of what was forgotten meanwhile it may tell too: good enough for who waits, not to be kept.
      return (await (this.next ??= this.look())).get(kid);
    } finally {
      this.waiting--;
    }
  }

  /**
   * The store has others now.
   * @param isStillTrue of what is kept: then it stays. A look under way is not kept in any case
   */
  forget(isStillTrue: (key: PublicTokenKey) => boolean = () => false): void {
    this.forgotten++;
    if (this.published.every(isStillTrue)) return;
    this.keys = new Map();
    this.published = [];
  }

  private async look(): Promise<ReadonlyMap<string, CryptoKey>> {
    // Not before `find` has registered it.
    await Promise.resolve();
    const waitMs = this.lookedAt === undefined ? 0 : PACE_MS - elapsedMsSince(this.clock, this.lookedAt);
    if (waitMs > 0) await this.clock.sleep(waitMs);
    // Whoever comes from here on may ask for what the store does not say yet, and waits for the next look.
    this.next = undefined;
    this.lookedAt = instant(this.clock);
    const { forgotten } = this;
    const found = await this.load();
    const keys = new Map(
      await Promise.all(found.map(async ({ kid, publicKey }) => [kid, await imported(publicKey)] as const)),
    );
    if (forgotten === this.forgotten) {
      this.keys = keys;
      this.published = found;
    }
    return keys;
  }
}

async function imported(publicKey: Uint8Array): Promise<CryptoKey> {
  const x = Buffer.from(publicKey).toString('base64url');
  // Of a JWK of this type it makes a CryptoKey, never bytes.
  return (await importJWK({ kty: 'OKP', crv: 'Ed25519', x }, TOKEN_ALGORITHM)) as CryptoKey;
}
