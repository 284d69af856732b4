import type { DemandBoard } from '@leasehold/directory';
import { LeaseholdError, type Clock } from '@leasehold/foundation';

import type { TenantLimits } from './tenant-limits.js';

export interface SharedRatesContext {
  readonly clock: Clock;
  /** Of this process, drawn at its start. */
  readonly gatewayId: string;
  /** Told once when the board stops answering, and once when it answers again. */
  readonly onOutage?: (error: unknown) => void;
  readonly onRecovery?: () => void;
}

export interface SharedRatesSettings {
  /** Between two looks at the board; default 1,000. What it takes until the shares follow the load is twice that and a bit. */
  readonly intervalMs?: number;
  /** For how long the last shares hold when the board does not answer; default 10,000. */
  readonly holdMs?: number;
}

const DEFAULT_INTERVAL_MS = 1_000;
const DEFAULT_HOLD_MS = 10_000;

/**
 * Keeps the shares of this gateway in step with the others: once a second it tells what is asked of it and hears what is asked of them.
 *
 * With the board down the last shares hold for a while, and then each gateway takes an equal part, by as many as it knew then: never more than the
 * limit in the sum, and less where the load is not even. A gateway that has not seen the board since its start knows of itself alone, and takes
 * all of it: with the board down from the start n gateways let in up to n times the limit.
 */
export class SharedRates {
  private readonly intervalMs: number;
  private readonly holdMs: number;
  private stopping: AbortController | undefined;
  private running: Promise<void> = Promise.resolve();
  private tickedMs = 0;
  private answeredMs = 0;
  private failing = false;
  private lost = false;

  constructor(
    private readonly limits: TenantLimits,
    private readonly board: DemandBoard,
    private readonly context: SharedRatesContext,
    settings: SharedRatesSettings = {},
  ) {
    this.intervalMs = settings.intervalMs ?? DEFAULT_INTERVAL_MS;
    this.holdMs = settings.holdMs ?? DEFAULT_HOLD_MS;
  }

  /** Resolves after the first look, whether or not the board answered. */
  async start(): Promise<void> {
    if (this.stopping) return;
    const stopping = new AbortController();
    this.stopping = stopping;
    this.tickedMs = this.answeredMs = this.context.clock.monotonic();
    await this.exchange();
    this.running = this.goOn(stopping.signal);
  }

  /** Resolves when nothing is asked of this gateway any more, as far as the others can be told. */
  async stop(): Promise<void> {
    this.stopping?.abort(new LeaseholdError('closed', 'closed', 'the rates are not shared any more'));
    this.stopping = undefined;
    await this.running;
    // They find out by themselves, a little later.
    await this.board.leave(this.context.gatewayId).catch(() => undefined);
  }

  private async goOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.context.clock.sleep(this.intervalMs, signal);
      } catch {
        return;
      }
      await this.exchange();
    }
  }

  private async exchange(): Promise<void> {
    const { clock, gatewayId } = this.context;
    const nowMs = clock.monotonic();
    const own = this.limits.tick(Math.max(1, nowMs - this.tickedMs) / 1_000);
    this.tickedMs = nowMs;
    try {
      this.limits.hear(await this.board.exchange(gatewayId, own));
      this.answeredMs = clock.monotonic();
      if (this.failing) this.context.onRecovery?.();
      this.failing = this.lost = false;
    } catch (error) {
      if (!this.failing) this.context.onOutage?.(error);
      this.failing = true;
      if (this.lost || clock.monotonic() - this.answeredMs < this.holdMs) return;
      this.lost = true;
      this.limits.lose();
    }
  }
}
