/** Between two lines. */
const SAY_EVERY_MS = 5_000;

export interface Progress {
  readonly entries: number;
  /** From 0 to 1; undefined where nobody knows how much there is. */
  readonly share: number | undefined;
}

/** Says how far a transfer is, once in a while. */
export class ProgressReport {
  private saidAt: number;
  private readonly beganAt: number;
  private firstShare: number | undefined;

  constructor(
    private readonly say: (line: string) => void,
    private readonly nowMs: () => number,
  ) {
    this.saidAt = this.beganAt = nowMs();
  }

  get seconds(): number {
    return (this.nowMs() - this.beganAt) / 1_000;
  }

  tell({ entries, share }: Progress): void {
    this.firstShare ??= share;
    const now = this.nowMs();
    if (now - this.saidAt < SAY_EVERY_MS) return;
    this.saidAt = now;
    const { seconds } = this;
    const parts = [`${grouped(entries)} entries`, `${grouped(Math.round(entries / seconds))} a second`];
    if (share !== undefined) {
      parts.push(`${Math.floor(share * 100)} %`);
      const done = share - (this.firstShare ?? 0);
      if (done > 0) parts.push(`about ${inWords((seconds * (1 - share)) / done)} left`);
    }
    this.say(parts.join(', '));
  }
}

export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

function inWords(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  return seconds < 6_000 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3_600)} h`;
}
