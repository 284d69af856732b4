/** @typedef {{ url: string, database: string, token: string, ttlSeconds: number }} Grant */

/** When this part of a token's life is over the next one is fetched. */
const RENEW_AT = 0.8;

/**
 * Short-lived tokens for the client, which asks for one at first and whenever the last one is refused. None is given out twice, and the next one
 * is fetched before the last one ends, so that the client finds it waiting. After a sleep of the computer it has ended too, and another is fetched.
 */
export class Tokens {
  /** @type {{ grant: Grant, endsAtMs: number } | undefined} */
  next = undefined;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer = undefined;

  /** @param {() => Promise<Grant>} fetchGrant of this application's own server, by the cookie of the session */
  constructor(fetchGrant) {
    this.fetchGrant = fetchGrant;
  }

  /** @returns {Promise<Grant>} one that has not ended by this computer's clock */
  async take() {
    if (this.next === undefined || this.next.endsAtMs <= performance.now()) await this.fetchNext();
    const { grant, endsAtMs } = /** @type {{ grant: Grant, endsAtMs: number }} */ (this.next);
    this.next = undefined;
    clearTimeout(this.timer);
    const renewInMs = endsAtMs - performance.now() - grant.ttlSeconds * 1_000 * (1 - RENEW_AT);
    // Where it fails, the client asks when the token has ended.
    this.timer = setTimeout(() => void this.fetchNext().catch(() => undefined), Math.max(0, renewInMs));
    return grant;
  }

  stop() {
    clearTimeout(this.timer);
  }

  /** @private */
  async fetchNext() {
    const askedAtMs = performance.now();
    const grant = await this.fetchGrant();
    this.next = { grant, endsAtMs: askedAtMs + grant.ttlSeconds * 1_000 };
  }
}
