import { systemClock, type Clock } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

export interface TurnsSettings {
  /** Of the work at the same time. */
  readonly atOnce: number;
  /** Waiting for one of those to end. */
  readonly maxWaiting: number;
  /** The longest that anybody waits. */
  readonly maxWaitMs: number;
}

const RETRY_AFTER_MS = 2_000;

/** Bounds work that is dear and that anybody may ask for. First come, first served. */
export class Turns {
  private running = 0;
  /** In the order in which they came. */
  private readonly waiting = new Set<() => void>();

  /** @param refusal what is told to who comes when too many wait, for people */
  constructor(
    private readonly refusal: string,
    private readonly settings: TurnsSettings,
    private readonly clock: Clock = systemClock,
  ) {}

  /** @throws ProblemError overloaded: the work was not begun */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.settings.atOnce) await this.turn();
    else this.running++;
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  /** Resolves with the place of somebody who has left. */
  private turn(): Promise<void> {
    const { maxWaiting, maxWaitMs } = this.settings;
    if (this.waiting.size >= maxWaiting) return Promise.reject(this.overloaded());
    return new Promise((resolve, reject) => {
      const timer = this.clock.schedule(maxWaitMs, () => {
        this.waiting.delete(begin);
        reject(this.overloaded());
      });
      const begin = () => {
        timer.cancel();
        resolve();
      };
      this.waiting.add(begin);
    });
  }

  private leave(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.running--;
      return;
    }
    this.waiting.delete(next);
    next();
  }

  private overloaded(): ProblemError {
    return new ProblemError('overloaded', this.refusal, { retryAfterMs: RETRY_AFTER_MS });
  }
}
