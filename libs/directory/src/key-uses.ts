import { LeaseholdError, type Clock } from '@leasehold/foundation';

/** Noted between two writes; the uses of further keys are not told this time. */
const MAX_NOTED_KEYS = 10_000;
/** Of one write. */
const BATCH_KEYS = 1_000;
const DEFAULT_INTERVAL_MS = 60_000;

export interface KeyUse {
  readonly keyId: string;
  /** Ms since the epoch. */
  readonly usedAt: number;
}

/** Where uses of keys are kept. */
export interface KeyUseStore {
  /**
   * Remembers the uses that lie `paceMs` or more behind what it knows of their key already, and those of keys it knows nothing of. Keys that
   * do not exist are passed over. Rejects when the store does not answer, within a bounded time.
   *
   * @param uses in the order of ids
   */
  record(uses: readonly KeyUse[], paceMs: number): Promise<void>;
}

export interface KeyUsesContext {
  readonly clock: Clock;
  /** Told of each write that failed: once per interval at most. What it held is lost. */
  readonly onLost?: (error: unknown) => void;
}

export interface KeyUsesSettings {
  /** Between two writes of this process, and between two of one key by all of them; default 60,000. */
  readonly intervalMs?: number;
}

/**
 * When keys were used last, so that people find those that nobody needs any more. Noted in memory as requests come, and written in batches
 * behind their backs: at most once per interval for a key, however many gateways it calls.
 *
 * What is written is therefore up to two intervals behind: one until the next write, and one that the last write may lie ahead of it. What
 * cannot be written is forgotten: the next use says more anyway.
 */
export class KeyUses {
  private noted = new Map<string, number>();
  private readonly intervalMs: number;
  private stopping: AbortController | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: KeyUseStore,
    private readonly context: KeyUsesContext,
    settings: KeyUsesSettings = {},
  ) {
    this.intervalMs = settings.intervalMs ?? DEFAULT_INTERVAL_MS;
  }

  /** On the way of every request: one entry of a map. */
  note(keyId: string): void {
    if (this.noted.size < MAX_NOTED_KEYS || this.noted.has(keyId)) this.noted.set(keyId, this.context.clock.now());
  }

  start(): void {
    if (this.stopping) return;
    this.stopping = new AbortController();
    this.writing = this.writeOnAndOn(this.stopping.signal);
  }

  /** Resolves when what was noted last has been written, or could not be. */
  async stop(): Promise<void> {
    this.stopping?.abort(new LeaseholdError('closed', 'closed', 'uses of keys are not noted any more'));
    this.stopping = undefined;
    await this.writing;
    await this.write();
  }

  private async writeOnAndOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.context.clock.sleep(this.intervalMs, signal);
      } catch {
        return;
      }
      await this.write();
    }
  }

  private async write(): Promise<void> {
    // In one order in every process: of two statements none waits for a row of the other while it holds one.
    const uses = [...this.noted]
      .map(([keyId, usedAt]) => ({ keyId, usedAt }))
      .sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
    this.noted = new Map();
    try {
      for (let from = 0; from < uses.length; from += BATCH_KEYS) {
        await this.store.record(uses.slice(from, from + BATCH_KEYS), this.intervalMs);
      }
    } catch (error) {
      this.context.onLost?.(error);
    }
  }
}
