export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/**
 * Within the last five minutes of a key the SDK's own cache asks its source again; a little later than that, so that it does.
 */
export const RENEW_BEFORE_MS = 270_000;
/** Between attempts while the old key still serves. */
const RENEW_PAUSE_MS = 1_000;

/** Keeps the keys that a source gives until they expire, and renews them before, behind the back of the calls: none waits for it in time. */
export class S3CredentialCache {
  private held: S3Credentials | undefined;
  private renewal: Promise<S3Credentials> | undefined;
  private pausedUntil = 0;

  constructor(
    private readonly source: () => Promise<S3Credentials>,
    private readonly now: () => number = Date.now,
  ) {}

  /** @throws what the source throws, when there is no key that is still good */
  async current(): Promise<S3Credentials> {
    const { held } = this;
    const now = this.now();
    const expiresAt = held?.expiration?.getTime() ?? Infinity;
    if (held === undefined || now >= expiresAt) return this.renew();
    if (now >= expiresAt - RENEW_BEFORE_MS && now >= this.pausedUntil) {
      this.pausedUntil = now + RENEW_PAUSE_MS;
      // The next attempt, or the first call without a good key, will tell.
      this.renew().catch(() => undefined);
    }
    return held;
  }

  private renew(): Promise<S3Credentials> {
    this.renewal ??= this.source()
      .then((credentials) => (this.held = credentials))
      .finally(() => (this.renewal = undefined));
    return this.renewal;
  }
}
