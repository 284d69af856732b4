import type { Random } from '@leasehold/foundation';

import type { FaultKind, Need } from './fault-kind.js';
import { FAULT_KINDS, isFaultKind } from './fault-kind.js';

/** One fault of a run; times from the begin of the load. */
export interface PlannedFault {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly holdMs: number;
  /** By when it is over, with all that it may cause. */
  readonly untilMs: number;
  /** Chooses among several of a kind; each fault takes it modulo their number. */
  readonly target: number;
}

export interface PlanInput {
  /** Of the load. */
  readonly durationMs: number;
  readonly has: ReadonlySet<Need>;
  /** Only these; all that are possible when it is empty. */
  readonly only: readonly FaultKind[];
}

/** Before the first fault: databases are claimed, files written, caches filled. */
const WARM_UP_MS = 3_000;
/** From this length on faults last as long as they should, and the run ends with all of them at once. */
const LONG_RUN_MS = 150_000;

/**
 * Faults one after the other, each with the time that it and its effects take, so that whatever happens has one cause. Rounds of all
 * kinds in an order of their own, until the time is used up; what does not fit into a short run is left out, the core last. Pure: the same seed
 * gives the same plan. The times at which it comes true are those of a real machine.
 */
export function planFaults(random: Random, { durationMs, has, only }: PlanInput): readonly PlannedFault[] {
  const isLong = durationMs >= LONG_RUN_MS;
  const costMs = (kind: FaultKind): number => holdOf(kind, isLong) + FAULT_KINDS[kind].settleMs;
  const possible = kindsFor(has, only);
  const isLast = (kind: FaultKind): boolean => kind === 'all-at-once' && only.length === 0;
  const singles = possible.filter((kind) => !isLast(kind));
  const last = isLong ? possible.filter(isLast) : [];
  const roomMs = durationMs - WARM_UP_MS - last.reduce((sum, kind) => sum + costMs(kind), 0);
  const chosen: FaultKind[] = [];
  let usedMs = 0;
  for (let round = 0; singles.length > 0; round++) {
    const fitting: FaultKind[] = [];
    // In a first round that is too short for all, the core has its place before the rest.
    for (const kind of coreFirst(shuffled(random, singles))) {
      if (usedMs + costMs(kind) > roomMs) continue;
      fitting.push(kind);
      usedMs += costMs(kind);
    }
    chosen.push(...shuffled(random, fitting));
    if (fitting.length < singles.length) break;
  }
  let atMs = WARM_UP_MS;
  return [...chosen, ...last].map((kind) => {
    const planned = { kind, atMs, holdMs: holdOf(kind, isLong), untilMs: atMs + costMs(kind), target: draw(random) };
    atMs = planned.untilMs;
    return planned;
  });
}

function kindsFor(has: ReadonlySet<Need>, only: readonly FaultKind[]): readonly FaultKind[] {
  return Object.keys(FAULT_KINDS)
    .filter(isFaultKind)
    .filter((kind) => {
      const { need } = FAULT_KINDS[kind];
      if (need !== undefined && !has.has(need)) return false;
      return only.length === 0 || only.includes(kind);
    });
}

function holdOf(kind: FaultKind, isLong: boolean): number {
  const { holdMs, shortHoldMs } = FAULT_KINDS[kind];
  return isLong ? holdMs : (shortHoldMs ?? holdMs);
}

function coreFirst(kinds: readonly FaultKind[]): readonly FaultKind[] {
  return [...kinds.filter((kind) => FAULT_KINDS[kind].core), ...kinds.filter((kind) => !FAULT_KINDS[kind].core)];
}

function draw(random: Random): number {
  return Math.floor(random.fraction() * 1_000);
}

function shuffled<T>(random: Random, items: readonly T[]): readonly T[] {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at--) {
    const other = Math.floor(random.fraction() * (at + 1));
    [result[at], result[other]] = [result[other] as T, result[at] as T];
  }
  return result;
}
