/** @typedef {{ url: string, database: string, token: string, ttlSeconds: number }} Grant */

/** When this part of a token's life is over the next one is fetched, and it is given out no more: who asks wants to use it for a while. */
const RENEW_AT = 0.8;

/**
 * Short-lived tokens for the client, which asks for one at first and whenever the last one is refused. None is given out twice, and the next one
 * is fetched before the last one ends, so that the client finds it waiting. After a sleep of the computer it has ended too, and another is fetched.
 */
export class Tokens {
  /** @type {{ grant: Grant, freshUntilMs: number } | undefined} */
  next = undefined;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer = undefined;

  /** @param {() => Promise<Grant>} fetchGrant of this application's own server, by the cookie of the session */
  constructor(fetchGrant) {
    this.fetchGrant = fetchGrant;
  }

  /** @returns {Promise<Grant>} one that will not end at once, by this computer's clock */
  async take() {
    if (this.next === undefined || this.next.freshUntilMs <= performance.now()) await this.fetchNext();
    const { grant, freshUntilMs } = /** @type {{ grant: Grant, freshUntilMs: number }} */ (this.next);
    this.next = undefined;
    clearTimeout(this.timer);
    // Where it fails, the client asks when the token has ended.
    this.timer = setTimeout(() => void this.fetchNext().catch(() => undefined), freshUntilMs - performance.now());
    return grant;
  }

  stop() {
    clearTimeout(this.timer);
  }

  /** @private */
  async fetchNext() {
    const askedAtMs = performance.now();
    const grant = await this.fetchGrant();
    this.next = { grant, freshUntilMs: askedAtMs + grant.ttlSeconds * 1_000 * RENEW_AT };
  }
}
