const TIMEOUT_MS = 3_000;

/** Sums of counters by name and labels, as `/metrics` of each process tells them; a process that ends takes its counts along. */
export class ServiceMetrics {
  private readonly latest = new Map<string, ReadonlyMap<string, number>>();

  /** Reads one process now. @param life tells one start of it from the next */
  async collect(life: string, url: string): Promise<void> {
    try {
      const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      this.latest.set(life, parseMetrics(await response.text()));
    } catch {
      // It is stopped, blocked or gone: what it told last counts.
    }
  }

  /** The sum over all lives of all counters whose name and labels match. */
  sum(pattern: RegExp): number {
    let sum = 0;
    for (const counters of this.latest.values()) {
      for (const [name, value] of counters) if (pattern.test(name)) sum += value;
    }
    return sum;
  }
}

function parseMetrics(text: string): ReadonlyMap<string, number> {
  const counters = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^(leasehold_\w+(?:\{[^}]*\})?) ([\d.e+]+)$/.exec(line) ?? [];
    if (name !== undefined) counters.set(name, Number(value));
  }
  return counters;
}
