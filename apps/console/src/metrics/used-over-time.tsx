import { useMemo } from 'react';

import { TimeChart, type ChartSeries } from '../charts/time-chart.js';
import { formatBytes, formatCount } from '../parts/format.js';
import { ScreenState } from '../parts/screen-state.js';
import type { UsageRow } from '../usage/meters.js';
import { useUsage } from '../usage/use-usage.js';
import { ChartPaper } from './chart-paper.js';
import { metricsSteps, type MetricsRange } from './metrics-range.js';

const HOUR_MS = 3_600_000;
const GB = 1e9;

interface UsedOverTimeProps {
  /** Name or id. */
  readonly database: string;
  /** By hour or day: usage is known by hours. */
  readonly range: MetricsRange & { readonly step: 'hour' | 'day' };
}

/** What a database used and how large it was, beside how it answered. For those who see what is billed. */
export function UsedOverTime({ database, range }: UsedOverTimeProps) {
  const { from, to, step } = range;
  const usage = useUsage({ from, to, step, database, group: '' });
  return <ScreenState query={usage}>{({ rows }) => <Charts rows={rows} range={range} />}</ScreenState>;
}

function Charts({ rows, range }: { readonly rows: readonly UsageRow[]; readonly range: MetricsRange }) {
  const { at, units, size } = useMemo(() => {
    const steps = metricsSteps(range);
    const byStep = new Map(rows.map((row) => [Date.parse(row.from), row]));
    const rowsOf = steps.map((step) => byStep.get(step.getTime()));
    const line = (name: string, valueOf: (row: UsageRow) => number | undefined): ChartSeries => ({
      ...{ name, kind: 'line', values: rowsOf.map((row) => (row && valueOf(row)) ?? 0) },
    });
    const hoursOf = (at: number) => hoursIn(steps, at, range.to);
    return {
      at: steps,
      units: [line('Read units', ({ readUnits }) => readUnits), line('Write units', ({ writeUnits }) => writeUnits)],
      size: [
        {
          name: 'Stored, on average',
          kind: 'bars',
          values: rowsOf.map((row, at) => ((row?.storedGbHours ?? 0) * GB) / hoursOf(at)),
        } satisfies ChartSeries,
      ],
    };
  }, [rows, range]);
  return (
    <>
      <ChartPaper title="Units">
        <TimeChart label="Read and write units over time" at={at} series={units} format={formatCount} />
      </ChartPaper>
      <ChartPaper title="Size">
        <TimeChart label="Stored bytes over time" at={at} series={size} format={formatBytes} />
      </ChartPaper>
    </>
  );
}

/** Of a step, until now where it is under way: what is stored is not known of the rest. */
function hoursIn(steps: readonly Date[], at: number, to: Date): number {
  const begin = steps[at]?.getTime() ?? 0;
  const end = Math.min(steps[at + 1]?.getTime() ?? to.getTime(), Date.now());
  return Math.max(end - begin, 1) / HOUR_MS;
}
