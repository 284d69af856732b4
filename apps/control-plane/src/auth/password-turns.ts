import { systemClock, type Clock } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

export interface PasswordTurnsSettings {
  /** Hashing at the same time; each takes 19 MiB (32 for hashes of before) and a thread of the pool of four, one of which is left to others. */
  readonly atOnce: number;
  /** Waiting for one of those to end. */
  readonly maxWaiting: number;
  /** The longest that anybody waits. */
  readonly maxWaitMs: number;
}

export const PASSWORD_TURNS_SETTINGS: PasswordTurnsSettings = { atOnce: 3, maxWaiting: 60, maxWaitMs: 5_000 };

const RETRY_AFTER_MS = 2_000;

/**
 * Bounds what strangers can make this process hash: passwords are slow to check on purpose, and anybody may ask.
 * First come, first served.
 */
export class PasswordTurns {
  private running = 0;
  /** In the order in which they came. */
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly clock: Clock = systemClock,
    private readonly settings: PasswordTurnsSettings = PASSWORD_TURNS_SETTINGS,
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
    if (this.waiting.size >= maxWaiting) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      const timer = this.clock.schedule(maxWaitMs, () => {
        this.waiting.delete(begin);
        reject(overloaded());
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
}

function overloaded(): ProblemError {
  return new ProblemError('overloaded', 'too many passwords are being checked', { retryAfterMs: RETRY_AFTER_MS });
}
