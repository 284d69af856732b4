import { SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import { answerOf, control, type Schemas } from '../api/control.js';
import { PAYERS, useMay } from '../api/session.js';
import { answerBefore, timedKey } from '../api/timed-question.js';
import { TimeChart, type ChartSeries } from '../charts/time-chart.js';
import { Figures } from '../parts/figures.js';
import { formatCount, formatFraction } from '../parts/format.js';
import { Instant } from '../parts/instant.js';
import { ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { useUrlState } from '../state/url-state.js';
import { ChartPaper } from './chart-paper.js';
import { METRICS_RANGES, metricsRangeOf, metricsSteps, type MetricsRange } from './metrics-range.js';
import { UsedOverTime } from './used-over-time.js';

type Row = Schemas['DatabaseMetrics']['metrics'][number];

const REFRESH_MS = 10_000;
const MINUTE_MS = 60_000;
const formatMs = (value: number) => `${formatFraction(value)} ms`;

/** How many requests a database has, how long they take, and what a cold start is made of. */
export function Metrics({ nameOrId }: { readonly nameOrId: string }) {
  const [name, setName] = useUrlState('range');
  const seesUsage = useMay(PAYERS);
  const minute = Math.floor(Date.now() / MINUTE_MS);
  const range = useMemo(() => metricsRangeOf(name, minute * MINUTE_MS), [name, minute]);
  const queryKey = timedKey(['metrics', nameOrId, range.step], range);
  const metrics = useQuery({
    queryKey,
    refetchInterval: REFRESH_MS,
    placeholderData: answerBefore(queryKey),
    queryFn: ({ signal }) =>
      answerOf(
        control.GET('/v1/databases/{nameOrId}/metrics', {
          signal,
          params: {
            path: { nameOrId },
            query: { from: range.from.toISOString(), to: range.to.toISOString(), step: range.step },
          },
        }),
      ),
  });
  return (
    <Stack>
      <SegmentedControl
        aria-label="Time"
        w="fit-content"
        data={METRICS_RANGES.map(({ value, label }) => ({ value, label }))}
        value={METRICS_RANGES.find(({ value }) => value === name)?.value ?? 'hour'}
        onChange={(value) => setName(value === 'hour' ? '' : value)}
      />
      <ScreenState query={metrics}>
        {({ metrics: rows, completeTo }) => (
          <>
            <Sums rows={rows} />
            <Charts rows={rows} range={range} />
            {seesUsage && range.step !== 'minute' && (
              <UsedOverTime database={nameOrId} range={{ ...range, step: range.step }} />
            )}
            <ColdStarts rows={rows} />
            <Text size="sm" c="dimmed">
              Complete to <Instant at={completeTo} none="nothing yet" />.
            </Text>
          </>
        )}
      </ScreenState>
    </Stack>
  );
}

function Sums({ rows }: { readonly rows: readonly Row[] }) {
  const sum = (member: 'requests' | 'errors' | 'coldStarts') => rows.reduce((total, row) => total + row[member], 0);
  const slowest = rows.reduce((most, { p99Ms }) => Math.max(most, p99Ms ?? 0), 0);
  return (
    <Figures
      figures={[
        { label: 'Requests', value: formatCount(sum('requests')) },
        { label: 'Answered with 500 and above', value: formatCount(sum('errors')) },
        { label: 'Cold starts', value: formatCount(sum('coldStarts')) },
        { label: 'Slowest step, p99', value: formatMs(slowest) },
      ]}
    />
  );
}

function Charts({ rows, range }: { readonly rows: readonly Row[]; readonly range: MetricsRange }) {
  const { at, requests, latency } = useMemo(() => {
    const steps = metricsSteps(range);
    const byStep = new Map(rows.map((row) => [Date.parse(row.from), row]));
    const rowsOf = steps.map((step) => byStep.get(step.getTime()));
    const line = (name: string, valueOf: (row: Row) => number | null): ChartSeries => ({
      ...{ name, kind: 'line', values: rowsOf.map((row) => (row === undefined ? null : valueOf(row))) },
    });
    const bars: ChartSeries = { name: 'Requests', kind: 'bars', values: rowsOf.map((row) => row?.requests ?? 0) };
    return {
      at: steps,
      requests: [bars],
      latency: [line('p50', ({ p50Ms }) => p50Ms), line('p99', ({ p99Ms }) => p99Ms)],
    };
  }, [rows, range]);
  return (
    <>
      <ChartPaper title="Requests">
        <TimeChart label="Requests over time" at={at} series={requests} format={formatCount} />
      </ChartPaper>
      <ChartPaper title="Latency">
        <TimeChart label="Latency over time, half and 99 percent" at={at} series={latency} format={formatMs} />
      </ChartPaper>
    </>
  );
}

/** Where the time of a cold start goes, on average over all of them. */
function ColdStarts({ rows }: { readonly rows: readonly Row[] }) {
  const starts = rows.reduce((sum, { coldStarts }) => sum + coldStarts, 0);
  const sums = new Map<string, number>();
  for (const { coldStarts, coldPhasesMs } of rows) {
    for (const [phase, ms] of Object.entries(coldPhasesMs)) sums.set(phase, (sums.get(phase) ?? 0) + ms * coldStarts);
  }
  if (starts === 0) return null;
  return (
    <TableFrame label="Phases of a cold start" minWidth={320} head={['Phase of a cold start', 'On average']}>
      {[...sums].map(([phase, ms]) => (
        <Table.Tr key={phase}>
          <Table.Td>{phase}</Table.Td>
          <Table.Td>{formatMs(ms / starts)}</Table.Td>
        </Table.Tr>
      ))}
    </TableFrame>
  );
}
