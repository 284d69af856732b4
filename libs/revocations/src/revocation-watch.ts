import { elapsedMsSince, instant, LeaseholdError, type Instant, type TenantId } from '@leasehold/foundation';

import { RevocationLog, type RevocationContext } from './revocation-log.js';
import type { RevocationState, Suspension } from './revocation-state.js';

export interface RevocationWatchContext extends RevocationContext {
  /** Told once when the log cannot be read, and once when it can be again. */
  readonly onOutage?: (error: unknown) => void;
  readonly onRecovery?: () => void;
}

export interface RevocationWatchSettings {
  /** Distance between two looks; {@link REVOCATION_INTERVAL_MS} by default. */
  readonly intervalMs?: number;
}

/**
 * Half of the 10 s in which a gateway that lost Postgres has to know: 17,280 GETs that find nothing a day, 20 cents a month at the prices of S3
 * ($0.0004 per 1,000), for each gateway.
 */
export const REVOCATION_INTERVAL_MS = 5_000;
/** Looks between two listings, which find the way where states were cleaned away: every 10 minutes, 2 cents a month. */
const LOOKS_PER_LISTING = 120;

/**
 * Follows `revoked/` and answers from memory. What was read last holds while the bucket does not answer: neither a suspension nor a revocation
 * ends by an outage.
 */
export class RevocationWatch {
  private readonly log: RevocationLog;
  private readonly intervalMs: number;
  private state: RevocationState;
  private suspended: ReadonlyMap<TenantId, Suspension> = new Map();
  private keys: ReadonlySet<string> = new Set();
  private providers: ReadonlySet<string> = new Set();
  private looks = 0;
  private lookedAt: Instant | undefined;
  private failing = false;
  private stopping: AbortController | undefined;
  private following: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: RevocationWatchContext,
    settings: RevocationWatchSettings = {},
  ) {
    this.log = new RevocationLog(context);
    this.state = this.log.state;
    this.intervalMs = settings.intervalMs ?? REVOCATION_INTERVAL_MS;
  }

  /** Resolves after the first look, whether or not the bucket answered. */
  async start(): Promise<void> {
    if (this.stopping) return;
    const stopping = new AbortController();
    this.stopping = stopping;
    await this.look(stopping.signal);
    this.following = this.follow(stopping.signal);
  }

  async stop(): Promise<void> {
    this.stopping?.abort(new LeaseholdError('closed', 'closed', 'the watch of revocations is stopped'));
    await this.following;
  }

  /** Of the state that the other methods answer by; 0 while there is none. */
  get number(): number {
    return this.state.number;
  }

  suspends(tenantId: TenantId): boolean {
    return this.suspended.has(tenantId);
  }

  /** Whether the key was revoked within the last hour. */
  isRevoked(keyId: string): boolean {
    return this.keys.has(keyId);
  }

  /** Whether the identity provider was removed within the last hour. */
  isProviderRemoved(providerId: string): boolean {
    return this.providers.has(providerId);
  }

  /** Ms since the bucket last answered; undefined before the first time. */
  unconfirmedMs(): number | undefined {
    return this.lookedAt && elapsedMsSince(this.context.clock, this.lookedAt);
  }

  private async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.context.clock.sleep(this.intervalMs, signal);
      } catch {
        return;
      }
      await this.look(signal);
    }
  }

  private async look(signal: AbortSignal): Promise<void> {
    const startedAt = instant(this.context.clock);
    try {
      const state = this.looks % LOOKS_PER_LISTING === 0 ? await this.log.find(signal) : await this.log.follow(signal);
      this.looks += 1;
      this.lookedAt = startedAt;
      if (state.number !== this.state.number) this.take(state);
      if (this.failing) this.context.onRecovery?.();
      this.failing = false;
    } catch (error) {
      if (signal.aborted) return;
      // States that were read before the failure hold.
      this.take(this.log.state);
      if (!this.failing) this.context.onOutage?.(error);
      this.failing = true;
      // What cannot be read may be followed by what can: the listing finds it.
      this.looks = 0;
    }
  }

  private take(state: RevocationState): void {
    this.state = state;
    this.suspended = new Map(state.suspended.map((entry) => [entry.tenantId, entry]));
    this.keys = new Set(state.keys.map(({ id }) => id));
    this.providers = new Set(state.providers.map(({ id }) => id));
  }
}
