/** Of each period so much is left to the process. */
const RUN_MS = 15;
const PERIOD_MS = 250;

/** A process that gets a small share of the time, as on a machine that is overloaded, until it gets none at all or all of it again. */
export class Slowed {
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly pid: number) {
    this.run();
  }

  /** It stands still where it is. */
  freeze(): void {
    clearTimeout(this.timer);
    this.signal('SIGSTOP');
  }

  /** From a standstill back to its small share. */
  slow(): void {
    clearTimeout(this.timer);
    this.run();
  }

  /** It runs as any other. */
  release(): void {
    clearTimeout(this.timer);
    this.signal('SIGCONT');
  }

  private run(): void {
    this.signal('SIGCONT');
    this.timer = setTimeout(() => this.rest(), RUN_MS);
  }

  private rest(): void {
    this.signal('SIGSTOP');
    this.timer = setTimeout(() => this.run(), PERIOD_MS - RUN_MS);
  }

  private signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }
}
