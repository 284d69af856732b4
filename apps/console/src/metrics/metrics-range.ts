/** How a row of metrics is cut. */
export type MetricsStep = 'minute' | 'hour' | 'day';

export interface MetricsRange {
  readonly from: Date;
  readonly to: Date;
  readonly step: MetricsStep;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Times that can be chosen, each with its step. */
export const METRICS_RANGES = [
  { value: 'hour', label: 'Hour', step: 'minute', steps: 60 },
  { value: 'day', label: 'Day', step: 'hour', steps: 24 },
  { value: 'month', label: '30 days', step: 'day', steps: 30 },
] as const;

const STEP_MS: Readonly<Record<MetricsStep, number>> = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS };

/** What is meant, until the end of the present step. */
export function metricsRangeOf(name: string, nowMs: number): MetricsRange {
  const { step, steps } = METRICS_RANGES.find(({ value }) => value === name) ?? METRICS_RANGES[0];
  const stepMs = STEP_MS[step];
  const to = (Math.floor(nowMs / stepMs) + 1) * stepMs;
  return { from: new Date(to - steps * stepMs), to: new Date(to), step };
}

/** Every step of it, also those in which nothing was asked. */
export function metricsSteps({ from, to, step }: MetricsRange): readonly Date[] {
  const count = Math.round((to.getTime() - from.getTime()) / STEP_MS[step]);
  return Array.from({ length: count }, (_, at) => new Date(from.getTime() + at * STEP_MS[step]));
}
