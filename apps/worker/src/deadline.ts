import type { Clock, Timer } from '@leasehold/foundation';

/**
 * A time limit that begins now. Its signal is made when somebody asks for it: what is answered from memory never waits, and a signal with its
 * timer costs as much as such an answer.
 */
export class Deadline {
  private readonly beganMs: number;
  private controller: AbortController | undefined;
  private timer: Timer | undefined;
  private isOver = false;

  constructor(
    private readonly clock: Clock,
    private readonly ms: number,
  ) {
    this.beganMs = clock.monotonic();
  }

  /** Aborts when the time is over, unless the work was done before. */
  get signal(): AbortSignal {
    return (this.controller ?? this.start()).signal;
  }

  /** Nobody waits any more. */
  done(): void {
    this.isOver = true;
    this.timer?.cancel();
  }

  private start(): AbortController {
    const controller = new AbortController();
    this.controller = controller;
    const leftMs = Math.max(0, this.ms - (this.clock.monotonic() - this.beganMs));
    const end = (): void => controller.abort(new Error(`no more time after ${this.ms} ms`));
    if (!this.isOver) this.timer = this.clock.schedule(leftMs, end);
    return controller;
  }
}
