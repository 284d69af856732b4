import { HOUR_MS } from '@leasehold/metering';

import type { UsageStep } from './usage-question.js';

const DAY_MS = 24 * HOUR_MS;
/** At most, of one step. */
const STEP_HOURS: Readonly<Record<UsageStep, number>> = { hour: 1, day: 24, month: 31 * 24 };

/** What one look at the hours covers: some whole steps of all databases, or one step of some of them. */
export interface UsageWindow {
  /** Ms since the Unix epoch; `to` is not in it. */
  readonly from: number;
  readonly to: number;
  /** Databases at most, in the order of their ids; undefined: all. */
  readonly databases: number | undefined;
}

/** When the step begins that a time lies in. */
export function stepBegin(step: UsageStep, time: number): number {
  if (step === 'hour') return Math.floor(time / HOUR_MS) * HOUR_MS;
  if (step === 'day') return Math.floor(time / DAY_MS) * DAY_MS;
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

/** When the n-th step behind the one begins that a time lies in. */
export function stepBehind(step: UsageStep, time: number, steps: number): number {
  const begin = stepBegin(step, time);
  if (step !== 'month') return begin + steps * STEP_HOURS[step] * HOUR_MS;
  const date = new Date(begin);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + steps);
}

/** Hours of databases, at most, that it looks at. */
export function databaseHours({ from, to, databases }: UsageWindow, ofDatabases: number): number {
  return Math.min(databases ?? ofDatabases, ofDatabases) * Math.ceil((to - from) / HOUR_MS);
}

/**
 * The next look from a time on: as much of it as comes to about `maxDatabaseHours`, one step at least. Where rows are told apart by database it has about `rows` of them at most, and
 * where even one step is more than either it is cut into pieces by database; other rows are of all databases, and cannot be cut.
 */
export function nextWindow(
  { from, to, step, isByDatabase }: { from: number; to: number; step: UsageStep; isByDatabase: boolean },
  databases: number,
  { maxDatabaseHours, rows }: { readonly maxDatabaseHours: number; readonly rows: number },
): UsageWindow {
  // Of databases in one step.
  const most = Math.max(1, Math.floor(maxDatabaseHours / STEP_HOURS[step]));
  const piece = isByDatabase ? Math.min(most, Math.max(1, rows)) : most;
  const steps = Math.max(1, Math.floor(piece / Math.max(1, databases)));
  const until = Math.min(to, stepBehind(step, from, steps));
  return { from, to: until, databases: isByDatabase && databases > piece ? piece : undefined };
}
