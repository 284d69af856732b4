import { Anchor, Group, Paper, SegmentedControl, Select, Text } from '@mantine/core';
import { useMemo } from 'react';

import { projected } from '../billing/projection.js';
import { TimeChart, type ChartSeries } from '../charts/time-chart.js';
import { Figures } from '../parts/figures.js';
import { Instant } from '../parts/instant.js';
import { Page } from '../parts/page.js';
import { ScreenState } from '../parts/screen-state.js';
import { TypedFilter } from '../parts/typed-filter.js';
import { useUrlState } from '../state/url-state.js';
import { Costs } from './costs.js';
import { meterOf, METERS, sumOf, type UsageRow } from './meters.js';
import { ShownSwitch, useIsCost } from './shown-switch.js';
import { isGroup, ToldApart } from './told-apart.js';
import { UsageGroups } from './usage-groups.js';
import { RANGES, rangeNameOf, rangeOf, STEPS, stepsIn, type UsageRange } from './usage-range.js';
import { usageQueryOf, useUsage } from './use-usage.js';

const HOUR_MS = 3_600_000;

/** What was used, or what that cost. */
export function Usage() {
  return useIsCost() ? <Costs /> : <Used />;
}

/** What was used: over time, and by what used it. The figures are those of the API. */
function Used() {
  const [rangeText, setRange] = useUrlState('range');
  const [stepText, setStep] = useUrlState('step');
  const [meterText, setMeter] = useUrlState('meter');
  const [database, setDatabase] = useUrlState('database');
  const [group, setGroup] = useUrlState('group');
  const name = rangeNameOf(rangeText);
  const hour = Math.floor(Date.now() / HOUR_MS);
  const range = useMemo(() => rangeOf(name, stepText, hour * HOUR_MS), [name, stepText, hour]);
  const usage = useUsage({ ...range, database, group: '' });
  const text = meterText === '' ? busiest(usage.data?.rows ?? []) : meterOf(meterText);
  const csv = new URLSearchParams({
    ...usageQueryOf({ ...range, database, group: isGroup(group) ? group : '' }),
    format: 'csv',
  });
  return (
    <Page
      title="Usage"
      description="What is billed, and what is not."
      actions={
        <Anchor href={`/v1/usage?${csv.toString()}`} download="usage.csv" size="sm">
          Download as CSV
        </Anchor>
      }
    >
      <Group align="flex-end">
        <ShownSwitch />
        <Select
          label="Time"
          allowDeselect={false}
          data={[...RANGES]}
          value={name}
          onChange={(value) => setRange(value ?? '')}
        />
        <Select
          label="By"
          w="7rem"
          allowDeselect={false}
          data={[...STEPS[name]]}
          value={range.step}
          onChange={(value) => setStep(value ?? '')}
        />
        <TypedFilter label="Database" placeholder="all" value={database} onChange={setDatabase} />
        <ToldApart value={group} onChange={setGroup} />
      </Group>
      <ScreenState query={usage}>
        {({ rows, completeTo }) => (
          <>
            <Figures
              figures={METERS.map(({ meter, name: label, format }) => {
                const sum = sumOf(rows, meter);
                const note = name === 'month' && sum > 0 ? `about ${format(atMonthsEnd(sum))} by its end` : undefined;
                return { label, value: format(sum), note };
              })}
            />
            <Paper withBorder p="md">
              <div className="scrolls">
                <SegmentedControl
                  aria-label="What the chart shows"
                  value={text.meter}
                  onChange={setMeter}
                  data={METERS.map(({ meter, name: label }) => ({ value: meter, label }))}
                />
              </div>
              <UsageChart rows={rows} range={range} meter={text} />
              <Text size="sm" c="dimmed">
                Complete to <Instant at={completeTo} none="nothing yet" />.
              </Text>
            </Paper>
          </>
        )}
      </ScreenState>
      {isGroup(group) && <UsageGroups question={{ ...range, database, group }} />}
    </Page>
  );
}

/** What the present month comes to if it goes on as until now. */
function atMonthsEnd(soFar: number): number {
  const now = new Date();
  const [from, to] = [0, 1].map((more) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + more)));
  return from === undefined || to === undefined ? soFar : projected(soFar, from, to, now);
}

/** The first of which there is something, so that the chart is not empty by chance. */
function busiest(rows: readonly UsageRow[]): ReturnType<typeof meterOf> {
  return METERS.find(({ meter }) => sumOf(rows, meter) > 0) ?? meterOf('');
}

interface UsageChartProps {
  readonly rows: readonly UsageRow[];
  readonly range: UsageRange;
  readonly meter: ReturnType<typeof meterOf>;
}

function UsageChart({ rows, range, meter: { meter, name, format } }: UsageChartProps) {
  const { at, values, series } = useMemo(() => {
    const steps = stepsIn(range);
    const amounts = new Map(rows.map((row) => [Date.parse(row.from), row[meter] ?? 0]));
    const found = steps.map((step) => amounts.get(step.getTime()) ?? 0);
    const bars: ChartSeries = { name, kind: 'bars', values: found };
    return { at: steps, values: found, series: [bars] };
  }, [rows, range, meter, name]);
  const isIdle = values.every((value) => value === 0);
  return (
    <>
      {isIdle && (
        <Text size="sm" c="dimmed">
          Nothing of it was used in this time.
        </Text>
      )}
      <TimeChart label={name} at={at} series={series} format={format} />
    </>
  );
}
