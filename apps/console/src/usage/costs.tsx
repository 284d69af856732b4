import { Anchor, Group, Paper, SegmentedControl, Select, Text } from '@mantine/core';
import { useMemo } from 'react';

import { TimeChart, type ChartSeries } from '../charts/time-chart.js';
import { Instant } from '../parts/instant.js';
import { formatMicros } from '../parts/money.js';
import { Page } from '../parts/page.js';
import { ScreenState } from '../parts/screen-state.js';
import { TypedFilter } from '../parts/typed-filter.js';
import { useUrlState } from '../state/url-state.js';
import { CostFigures } from './cost-figures.js';
import { CostGroups } from './cost-groups.js';
import { COST_METERS, microsOf, type CostMeter } from './cost-meters.js';
import { COST_STEPS, costMonth, costMonths, costRange } from './cost-month.js';
import { ShownSwitch } from './shown-switch.js';
import { isGroup, ToldApart } from './told-apart.js';
import { costQueryOf, useCosts, type CostRow } from './use-costs.js';
import { stepsIn, type UsageRange } from './usage-range.js';

const HOUR_MS = 3_600_000;

/** What a month cost: over time, and by what it was used for. All of it comes to what its invoice says. */
export function Costs() {
  const [monthText, setMonth] = useUrlState('month');
  const [stepText, setStep] = useUrlState('step');
  const [meterText, setMeter] = useUrlState('meter');
  const [database, setDatabase] = useUrlState('database');
  const [group, setGroup] = useUrlState('group');
  const hour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const month = costMonth(monthText, hour);
  const range = useMemo(() => costRange(month, stepText, hour), [month, stepText, hour]);
  const question = { month, step: range.step, database, group: '' };
  const costs = useCosts(question);
  const meter = COST_METERS.find((each) => each.meter === meterText) ?? COST_METERS[0];
  const csv = new URLSearchParams({
    ...costQueryOf({ ...question, group: isGroup(group) ? group : '' }),
    format: 'csv',
  });
  const months = costMonths(hour);
  return (
    <Page
      title="Usage"
      description="What was used, in money."
      actions={
        <Anchor href={`/v1/costs?${csv.toString()}`} download="costs.csv" size="sm">
          Download as CSV
        </Anchor>
      }
    >
      <Group align="flex-end">
        <ShownSwitch />
        <Select
          label="Month"
          allowDeselect={false}
          data={months.some(({ value }) => value === month) ? [...months] : [...months, { value: month, label: month }]}
          value={month}
          onChange={(value) => setMonth(value ?? '')}
        />
        <Select
          label="By"
          w="7rem"
          allowDeselect={false}
          data={[...COST_STEPS]}
          value={range.step}
          onChange={(value) => setStep(value ?? '')}
        />
        <TypedFilter label="Database" placeholder="all" value={database} onChange={setDatabase} />
        <ToldApart value={group} onChange={setGroup} />
      </Group>
      <ScreenState query={costs}>
        {(answer) => (
          <>
            <CostFigures answer={answer} month={month} isWhole={database === ''} />
            <Paper withBorder p="md">
              <div className="scrolls">
                <SegmentedControl
                  aria-label="What the chart shows"
                  value={meter?.meter ?? ''}
                  onChange={setMeter}
                  data={COST_METERS.map((each) => ({ value: each.meter, label: each.name }))}
                />
              </div>
              <CostChart
                rows={answer.rows}
                range={range}
                meter={meter?.meter ?? 'total'}
                name={meter?.name ?? ''}
                currency={answer.currency}
              />
              <Text size="sm" c="dimmed">
                Complete to <Instant at={answer.completeTo} none="nothing yet" />. What a plan includes is spread over
                all units of the month: so what a day cost may still change until the month has ended. Fees and minimums
                are of no day.
              </Text>
            </Paper>
          </>
        )}
      </ScreenState>
      {isGroup(group) && <CostGroups question={{ ...question, group }} />}
      {group.startsWith('label:') && (
        <Text size="sm" c="dimmed">
          By the labels that databases have now.
        </Text>
      )}
    </Page>
  );
}

interface CostChartProps {
  readonly rows: readonly CostRow[];
  readonly range: UsageRange;
  readonly meter: CostMeter;
  readonly name: string;
  readonly currency: string;
}

function CostChart({ rows, range, meter, name, currency }: CostChartProps) {
  const { at, values, series } = useMemo(() => {
    const steps = stepsIn(range);
    const amounts = new Map(rows.map((row) => [Date.parse(row.from), microsOf(row, meter)]));
    const found = steps.map((step) => amounts.get(step.getTime()) ?? 0);
    const bars: ChartSeries = { name, kind: 'bars', values: found };
    return { at: steps, values: found, series: [bars] };
  }, [rows, range, meter, name]);
  const format = useMemo(() => (micros: number) => formatMicros(micros, currency), [currency]);
  const isIdle = values.every((value) => value === 0);
  return (
    <>
      {isIdle && (
        <Text size="sm" c="dimmed">
          Nothing of it cost anything in this time.
        </Text>
      )}
      <TimeChart label={`Cost of ${name}`} at={at} series={series} format={format} />
    </>
  );
}
