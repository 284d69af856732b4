import type { Clock } from './clock.js';

/**
 * What a request spends its time on, from the edge inwards (docs/server-timing.md):
 * - `receive`: until its body is read
 * - `auth`: whose it is, which database it names, and whether it may
 * - `route`: which worker serves it; attempts that led elsewhere, and being held while there is none
 * - `net`: the hop from gateway to worker and back, without what the worker accounts for
 * - `queue`: behind other requests: a turn on its keys or in a fair queue, or a compaction that writes have to wait for
 * - `lease`: until the database may be opened here: the end of its owner, or the claim's turn
 * - `seal`: ending a dead session and closing its log
 * - `recover`: reading what that session left in its log
 * - `open`: taking the database over: its head and the CAS that names the new owner
 * - `head`: the head of a database that is open nowhere, to read from it without a claim, or to claim it then
 * - `read`: files and blocks for the answer itself
 * - `put`: the put that makes durable what is acknowledged or shown: a segment of the log, or the head that carries a first commit
 * - `wait`: for something to happen that it wants to hear of: the next commit of a change feed
 * - `other`: the rest, computing for the most part
 */
export const PHASES = [
  'receive',
  'auth',
  'route',
  'net',
  'queue',
  'lease',
  'seal',
  'recover',
  'open',
  'head',
  'read',
  'put',
  'wait',
  'other',
] as const;

export type Phase = (typeof PHASES)[number];

/** ms of each phase, in the order of {@link PHASES}: what is looked at by names costs more than most of what it measures. */
export type PhaseList = readonly number[];

/** ms by phase; 0 for those that a request was never in. */
export type PhaseTimes = Readonly<Record<Phase, number>>;

/**
 * Where the time of a request goes, or of work that several requests wait for. It is in exactly one phase at any moment, so its phases
 * never overlap and add up to the time since its beginning, whatever way it takes.
 *
 * Cheap enough for a read from memory: one object, and one look at the clock for each change of phase.
 */
export class Phases {
  private readonly spent: Record<Phase, number> = noTime();
  private isOver = false;

  /** @param sinceMs on the clock, when it began; now by default */
  constructor(
    private readonly clock: Pick<Clock, 'monotonic'>,
    private current: Phase,
    private sinceMs = clock.monotonic(),
  ) {}

  /** From now on the time goes to this phase. Nothing once it is over: work may go on for a caller who has left. */
  enter(phase: Phase): void {
    if (this.isOver) return;
    this.settle();
    this.current = phase;
  }

  /**
   * Waits for shared work: the time that passes meanwhile goes where the time of that work goes. So each of those who wait for the same claim
   * counts what it has waited itself, in the phase that the claim was in.
   */
  async sharing<T>(work: Phases, wait: Promise<T>): Promise<T> {
    this.settle();
    const before = work.times();
    try {
      return await wait;
    } finally {
      if (!this.isOver) {
        const after = work.times();
        for (const phase of PHASES) this.spent[phase] += after[phase] - before[phase];
        this.sinceMs = this.clock.monotonic();
      }
    }
  }

  /** Part of the time of a phase belongs to others, which are told now: never more than there is. */
  reassign(from: Phase, to: Partial<PhaseTimes>): void {
    if (this.isOver) return;
    this.settle();
    const told = sumOf(to);
    if (!(told > 0)) return;
    // Clocks of two machines differ in their rates, if little.
    const share = Math.min(1, this.spent[from] / told);
    for (const phase of PHASES) {
      const ms = (to[phase] ?? 0) * share;
      this.spent[phase] += ms;
      this.spent[from] -= ms;
    }
  }

  /** Until now. */
  times(): PhaseTimes {
    this.settle();
    return { ...this.spent };
  }

  /** What it was in all, the same from now on. */
  end(): PhaseTimes {
    this.settle();
    this.isOver = true;
    return this.spent;
  }

  private settle(): void {
    if (this.isOver) return;
    const now = this.clock.monotonic();
    this.spent[this.current] += now - this.sinceMs;
    this.sinceMs = now;
  }
}

export function sumOf(times: Partial<PhaseTimes>): number {
  let sum = 0;
  for (const phase of PHASES) sum += times[phase] ?? 0;
  return sum;
}

export function phaseList(times: Partial<PhaseTimes> = {}): number[] {
  return PHASES.map((phase) => times[phase] ?? 0);
}

function noTime(): Record<Phase, number> {
  return {
    receive: 0,
    auth: 0,
    route: 0,
    net: 0,
    queue: 0,
    lease: 0,
    seal: 0,
    recover: 0,
    open: 0,
    head: 0,
    read: 0,
    put: 0,
    wait: 0,
    other: 0,
  };
}
