import type { History, Violation } from '../history/history.js';
import type { Troublemaker } from '../trouble/troublemaker.js';
import type { VirtualWorld } from '../world/virtual-world.js';

/** What one run came to. */
export interface SeedReport {
  readonly seed: number;
  /** Calls of clients, answered or not. */
  readonly operations: number;
  readonly violations: readonly Violation[];
  /** Keys whose linearizability could not be decided within the budget. */
  readonly undecided: number;
  readonly traceHash: string;
  /** The last lines of the trace, when they were asked for. */
  readonly trace: readonly string[];
  /** How often what has happened: takeovers, late landings, collections, … */
  readonly counts: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  /** How often processes came by each failpoint, and which were struck at which. */
  readonly failpoints: Readonly<Record<string, number>>;
  readonly struck: Readonly<Record<string, number>>;
  /** How calls ended: by kind of request and of answer. */
  readonly answers: Readonly<Record<string, number>>;
  readonly virtualMs: number;
  readonly history: History;
}

export function seedReport(parts: {
  readonly seed: number;
  readonly world: VirtualWorld;
  readonly trouble: Troublemaker;
  readonly history: History;
  readonly violations: readonly Violation[];
  readonly undecided: number;
}): SeedReport {
  const { seed, world, trouble, history, violations, undecided } = parts;
  const { faults, ...counts } = world.counts;
  const calls = history.databases.flatMap((database) => database.calls);
  const answers: Record<string, number> = {};
  for (const { request, answer } of calls) {
    const code = answer.kind === 'disclaimed' ? ` ${answer.code}` : '';
    const name = `${request.kind} ${answer.kind}${code}`;
    answers[name] = (answers[name] ?? 0) + 1;
  }
  return {
    seed,
    operations: calls.length,
    violations,
    undecided,
    traceHash: world.trace.hash,
    trace: world.trace.tail,
    counts: Object.fromEntries(Object.entries(counts).filter(([, count]) => typeof count === 'number')) as Record<
      string,
      number
    >,
    faults: Object.fromEntries(faults),
    failpoints: Object.fromEntries(world.failpoints.met),
    struck: Object.fromEntries(trouble.struck),
    answers,
    virtualMs: world.clock.monotonic(),
    history,
  };
}
