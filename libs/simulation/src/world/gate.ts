/** How a process stands: `paused` as by SIGSTOP, `dead` as by SIGKILL. */
export type ProcessState = 'running' | 'paused' | 'dead';

/**
 * The one way into a process's code. Everything that can wake it comes through here: its timers, answers of the bucket, requests and answers
 * of other processes. So a process that is paused stands still wherever it waits, and one that is dead never goes on.
 *
 * What it has sent is out of its hands: requests under way arrive whatever becomes of it.
 */
export class Gate {
  private current: ProcessState = 'running';
  private waiting: (() => void)[] = [];

  /** @param soon runs a callback in a turn of its own, after all that is ready */
  constructor(private readonly soon: (callback: () => void) => void) {}

  get state(): ProcessState {
    return this.current;
  }

  /** Runs it now, when the process goes on, or never. */
  enter(callback: () => void): void {
    if (this.current === 'running' && this.waiting.length === 0) callback();
    else if (this.current !== 'dead') this.waiting.push(callback);
  }

  /** Settles as `promise` does, while the process runs. */
  pass<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.enter(() => resolve(value)),
        (error: unknown) => this.enter(() => reject(error as Error)),
      );
    });
  }

  pause(): void {
    if (this.current === 'running') this.current = 'paused';
  }

  resume(): void {
    if (this.current !== 'paused') return;
    this.current = 'running';
    this.soon(() => this.next());
  }

  kill(): void {
    this.current = 'dead';
    this.waiting = [];
  }

  /** One at a time: between two of them the process runs as far as it can, as a real event loop does. */
  private next(): void {
    if (this.current !== 'running') return;
    this.waiting.shift()?.();
    if (this.waiting.length > 0) this.soon(() => this.next());
  }
}
