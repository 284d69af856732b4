import type { Step, UsageRange } from './usage-range.js';

const HOUR_MS = 3_600_000;
/** That can be chosen, the present one with them. */
const MONTHS = 12;
const NAME = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' });
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

/** Steps in which the cost of a month is told. */
export const COST_STEPS = ['day', 'hour'] as const satisfies readonly Step[];

/** `2026-11`, in UTC; what is none, or has not begun, is the present one. */
export function costMonth(text: string, nowMs: number): string {
  const present = nameOf(nowMs, 0);
  return MONTH.test(text) && text <= present ? text : present;
}

/** Months that can be chosen, the present one in front. */
export function costMonths(nowMs: number): readonly { readonly value: string; readonly label: string }[] {
  return Array.from({ length: MONTHS }, (_, before) => {
    const value = nameOf(nowMs, before);
    return { value, label: NAME.format(new Date(`${value}-01T00:00:00Z`)) };
  });
}

/** The time of a month until the end of the present hour, in steps of a chart. */
export function costRange(month: string, step: string, nowMs: number): UsageRange {
  const from = new Date(`${month}-01T00:00:00Z`);
  const end = Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1);
  const hour = (Math.floor(nowMs / HOUR_MS) + 1) * HOUR_MS;
  return { from, to: new Date(Math.min(end, hour)), step: COST_STEPS.find((each) => each === step) ?? 'day' };
}

function nameOf(nowMs: number, monthsBefore: number): string {
  const now = new Date(nowMs);
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsBefore)).toISOString().slice(0, 7);
}
