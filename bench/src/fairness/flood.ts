import type { Clock } from '@leasehold/foundation';

import { NOISY } from '../services/tenants.js';
import type { Ask, Asker } from './asker.js';

const TICK_MS = 2;
/** Under way at a time; what is due beyond is not asked: its socket is as full as it gets. */
const MAX_IN_FLIGHT = 512;

/** One tenant that asks at a rate, whatever it is answered. */
export class Flood {
  /** How often each status was answered; `failed` where there was none, `skipped` what was due beyond the bound. */
  readonly answers: Record<string, number> = {};
  private stopped = false;
  private running: Promise<void> | undefined;
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly clock: Clock,
    private readonly asker: Asker,
    private readonly request: (number: number) => Ask,
    private readonly ratePerSecond: number,
  ) {}

  start(): void {
    this.running = this.run();
  }

  /** Resolves when nothing of it is under way any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    await Promise.all(this.underWay);
  }

  private async run(): Promise<void> {
    const startedAt = this.clock.monotonic();
    for (let asked = 0; !this.stopped; await this.clock.sleep(TICK_MS)) {
      const due = ((this.clock.monotonic() - startedAt) / 1_000) * this.ratePerSecond;
      for (; asked < due; asked++) {
        if (this.underWay.size < MAX_IN_FLIGHT) this.ask(asked);
        else this.count('skipped');
      }
    }
  }

  private ask(number: number): void {
    const asking = this.asker
      .ask(NOISY, this.request(number))
      .then(
        (status) => this.count(String(status)),
        () => this.count('failed'),
      )
      .finally(() => this.underWay.delete(asking));
    this.underWay.add(asking);
  }

  private count(what: string): void {
    this.answers[what] = (this.answers[what] ?? 0) + 1;
  }
}
