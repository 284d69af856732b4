/** How a row of usage is cut. */
export type Step = 'hour' | 'day' | 'month';

export interface UsageRange {
  /** Whole hours in UTC, as the API wants them. */
  readonly from: Date;
  readonly to: Date;
  readonly step: Step;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Times that can be chosen, each with the step that suits it. */
export const RANGES = [
  { value: 'day', label: '24 hours' },
  { value: 'week', label: '7 days' },
  { value: 'month', label: 'This month' },
  { value: 'quarter', label: '90 days' },
  { value: 'year', label: '12 months' },
] as const;
export type RangeName = (typeof RANGES)[number]['value'];

/** Steps that may be asked for over so long a time: 31 days by hour, 366 by day. */
export const STEPS: Readonly<Record<RangeName, readonly Step[]>> = {
  day: ['hour'],
  week: ['hour', 'day'],
  month: ['day', 'hour'],
  quarter: ['day', 'month'],
  year: ['month', 'day'],
};

export function rangeNameOf(text: string): RangeName {
  return RANGES.find(({ value }) => value === text)?.value ?? 'month';
}

/** The time that is meant, up to the end of the present hour. A step that does not go with it is replaced by one that does. */
export function rangeOf(name: RangeName, step: string, nowMs: number): UsageRange {
  const to = new Date((Math.floor(nowMs / HOUR_MS) + 1) * HOUR_MS);
  const steps = STEPS[name];
  return { from: beginningOf(name, to, nowMs), to, step: steps.find((each) => each === step) ?? steps[0] ?? 'day' };
}

function beginningOf(name: RangeName, to: Date, nowMs: number): Date {
  const now = new Date(nowMs);
  switch (name) {
    case 'day':
      return new Date(to.getTime() - DAY_MS);
    case 'week':
      return new Date(to.getTime() - 7 * DAY_MS);
    case 'month':
      return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth()));
    case 'quarter':
      return new Date(Math.floor(to.getTime() / DAY_MS) * DAY_MS - 89 * DAY_MS);
    case 'year':
      return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 11));
  }
}

/** Every step of the time, also those in which nothing was used. */
export function stepsIn({ from, to, step }: UsageRange): readonly Date[] {
  const steps: Date[] = [];
  for (let at = floorOf(from, step); at < to; at = after(at, step)) steps.push(at);
  return steps;
}

function floorOf(date: Date, step: Step): Date {
  if (step === 'hour') return date;
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), step === 'day' ? date.getUTCDate() : 1));
}

function after(date: Date, step: Step): Date {
  if (step === 'month') return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1));
  return new Date(date.getTime() + (step === 'day' ? DAY_MS : HOUR_MS));
}
