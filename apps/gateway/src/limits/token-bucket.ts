import { assert } from '@leasehold/foundation';

/** What may be spent, and how fast it comes back. */
export interface TokenBucketSettings {
  readonly tokensPerSecond: number;
  readonly burstTokens: number;
  /** What may be owed at most; what is beyond is forgiven. Nothing by default. */
  readonly maxDebtTokens?: number;
}

/**
 * Tokens that come back evenly up to a bound. Told the time (monotonic ms) by who asks, so that a bucket at rest has no timer
 * and costs nothing but its two numbers.
 */
export class TokenBucket {
  private tokens: number;

  constructor(
    private settings: TokenBucketSettings,
    private filledAtMs: number,
  ) {
    checkSettings(settings);
    this.tokens = settings.burstTokens;
  }

  /** From now on. What is there stays there, as far as there is room for it. */
  retune(settings: TokenBucketSettings, nowMs: number): void {
    this.fill(nowMs);
    checkSettings(settings);
    this.settings = settings;
    this.tokens = Math.min(settings.burstTokens, this.tokens);
  }

  /** Spends one. @returns false when there is none, and nothing was spent */
  take(nowMs: number): boolean {
    this.fill(nowMs);
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /** Spends what was used already, whether it is there or not: then nothing is there until the debt is paid. */
  owe(tokens: number, nowMs: number): void {
    this.fill(nowMs);
    this.tokens = Math.max(-(this.settings.maxDebtTokens ?? 0), this.tokens - tokens);
  }

  /** 0 when nothing is owed. */
  debt(nowMs: number): number {
    this.fill(nowMs);
    return Math.max(0, -this.tokens);
  }

  /** Whole ones; 0 in debt. */
  left(nowMs: number): number {
    this.fill(nowMs);
    return Math.max(0, Math.floor(this.tokens));
  }

  /** Until {@link take} succeeds; 0 when it would now. */
  msUntilNext(nowMs: number): number {
    this.fill(nowMs);
    return this.msUntil(1);
  }

  /** Until it is as full as a new one; 0 when it is. */
  msUntilFull(nowMs: number): number {
    this.fill(nowMs);
    return this.msUntil(this.settings.burstTokens);
  }

  private msUntil(tokens: number): number {
    return Math.max(0, ((tokens - this.tokens) / this.settings.tokensPerSecond) * 1_000);
  }

  private fill(nowMs: number): void {
    // A time before the last one gives nothing and takes nothing.
    const elapsedMs = Math.max(0, nowMs - this.filledAtMs);
    const { tokensPerSecond, burstTokens } = this.settings;
    this.tokens = Math.min(burstTokens, this.tokens + (elapsedMs / 1_000) * tokensPerSecond);
    // One that is due is not withheld for a rounding error.
    if (this.tokens > 1 - EPSILON && this.tokens < 1) this.tokens = 1;
    this.filledAtMs = Math.max(this.filledAtMs, nowMs);
  }
}

const EPSILON = 1e-6;

function checkSettings({ tokensPerSecond, burstTokens }: TokenBucketSettings): void {
  assert(tokensPerSecond > 0 && burstTokens >= 1, 'a bucket has room for a token');
}
