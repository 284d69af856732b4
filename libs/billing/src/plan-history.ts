import { HOUR_MS } from './period.js';
import { PER, type Plan, type PlanChange } from './plan.js';

/** The plan of those who were given none. */
export const FIRST_PLAN = 'free';

/** A version of a plan, and from when on it is the one that holds. Ms since the Unix epoch. */
export interface EffectivePlan {
  readonly effectiveFrom: number;
  readonly plan: Plan;
}

/** A plan was given to an organization. Ms since the Unix epoch. */
export interface PlanAssignment {
  readonly since: number;
  readonly plan: string;
}

/**
 * Those that hold, by time. What was given later replaces everything that begins behind it: that was noted by a clock that was ahead, and has been set right since.
 *
 * @param given in the order in which they were given
 */
export function heldAssignments(given: readonly PlanAssignment[]): readonly PlanAssignment[] {
  const held: PlanAssignment[] = [];
  for (const assignment of given) {
    while ((held.at(-1)?.since ?? -Infinity) > assignment.since) held.pop();
    held.push(assignment);
  }
  return held;
}

/**
 * Which version of which plan holds for an organization from when on. A plan holds from the beginning of the hour in which it was given: usage is known by hours.
 * Of two that were given in one hour the later one holds.
 *
 * @param createdAt of the organization: before, nothing is billed
 * @param assignments those that hold, by time; before the first one the plan is {@link FIRST_PLAN}
 * @param versions of all plans that are named, in any order; a plan costs nothing before its first
 * @param currency of what costs nothing
 */
export function planChangesOf(
  createdAt: number,
  assignments: readonly PlanAssignment[],
  versions: readonly EffectivePlan[],
  currency: string,
): readonly PlanChange[] {
  const start = hourFloor(createdAt);
  const given = [
    { from: start, plan: FIRST_PLAN },
    ...assignments.map(({ since, plan }) => ({ from: Math.max(start, hourFloor(since)), plan })),
  ];
  return given.flatMap(({ from, plan: name }, i) => {
    const until = given[i + 1]?.from ?? Infinity;
    const own = versions.filter(({ plan }) => plan.name === name).sort((a, b) => a.effectiveFrom - b.effectiveFrom);
    const first = own.findLast(({ effectiveFrom }) => effectiveFrom <= from)?.plan ?? unpriced(name, currency);
    const later = own.filter(({ effectiveFrom }) => from < effectiveFrom && effectiveFrom < until);
    return [{ from, plan: first }, ...later.map(({ effectiveFrom, plan }) => ({ from: effectiveFrom, plan }))];
  });
}

/** Version 0 of a plan of which nobody has said what it costs: nothing. */
export function unpriced(name: string, currency: string): Plan {
  const free = (per: bigint) => ({ amount: 0n, per, included: 0n });
  return {
    name,
    version: 0,
    currency,
    fee: 0n,
    minimum: 0n,
    prices: {
      readUnits: free(PER.million),
      writeUnits: free(PER.million),
      storedByteMs: free(PER.gigabyteHour),
      egressBytes: free(PER.gigabyte),
    },
  };
}

function hourFloor(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS) * HOUR_MS;
}
