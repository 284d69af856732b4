import 'uplot/dist/uPlot.min.css';

import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

import { chartColours, type ChartColours } from './chart-colours.js';
import classes from './time-chart.module.css';

/** One of what is drawn over the same times. */
export interface ChartSeries {
  readonly name: string;
  /** Null: nothing is known. */
  readonly values: readonly (number | null)[];
  readonly kind: 'bars' | 'line';
}

interface TimeChartProps {
  /** What it shows, for those who do not see it. */
  readonly label: string;
  /** When the steps begin, at even distances or by the calendar. */
  readonly at: readonly Date[];
  /** Kept from one render to the next: another array is drawn anew. */
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
}

const HEIGHT_PX = 260;
const AXIS_WIDTH_PX = 76;
/** Of the place that a bar has. */
const BAR_SHARE = 0.7;
const MAX_BAR_PX = 48;
/** Above the highest value, so that it does not touch the frame. */
const HEADROOM = 1.1;
/** Of a chart on which nothing happened. */
const IDLE_TOP = 10;
const LINE_WIDTH_PX = 2;
/** Of ten, between marks. */
const LARGEST_POWER = 18;
const SMALL_POWERS = [0.001, 0.01, 0.1];

/** Amounts over time. What is drawn on the canvas stands beside it too, for those who hold it against what was told. */
export function TimeChart({ label, at, series, format }: TimeChartProps) {
  const { ref: frame, width } = useElementSize();
  const host = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');
  useEffect(() => {
    if (!host.current || width === 0) return undefined;
    const data = [at.map((date) => date.getTime() / 1_000), ...series.map(({ values }) => [...values])];
    const chart = new uPlot(optionsOf(width, at, series, format), data as uPlot.AlignedData, host.current);
    return () => chart.destroy();
  }, [width, at, series, format, scheme]);
  return (
    <div ref={frame} className={classes['frame']}>
      <div ref={host} role="img" aria-label={label} data-drawn={JSON.stringify(series.map(({ values }) => values))} />
    </div>
  );
}

function optionsOf(
  width: number,
  at: readonly Date[],
  series: readonly ChartSeries[],
  format: (value: number) => string,
): uPlot.Options {
  const colours = chartColours();
  const stepSeconds = stepSecondsOf(at);
  const axis = {
    stroke: colours.text,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { show: false },
    font: '12px sans-serif',
  };
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: true, live: true },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    scales: {
      // Each bar stands behind its time: the last one too.
      x: { range: (_chart, min, max) => [min, max + stepSeconds] },
      y: { range: (_chart, _min, max) => [0, max > 0 ? max * HEADROOM : IDLE_TOP] },
    },
    axes: [
      { ...axis, grid: { show: false } },
      {
        ...axis,
        size: AXIS_WIDTH_PX,
        incrs: increments(series),
        values: (_chart, marks) => marks.map((mark) => format(mark)),
      },
    ],
    series: [{ label: 'From' }, ...series.map((each, index) => seriesOf(each, index, format, colours))],
  };
}

/** Between marks: 1, 2 or 5 of a power of ten. What is counted has no halves. */
function increments(series: readonly ChartSeries[]): number[] {
  const isWhole = series.every(({ values }) => values.every((value) => value === null || Number.isInteger(value)));
  const powers = Array.from({ length: LARGEST_POWER + 1 }, (_, power) => 10 ** power);
  const all = isWhole ? powers : [...SMALL_POWERS, ...powers];
  return all.flatMap((power) => [power, 2 * power, 5 * power]);
}

function seriesOf(
  { name, kind }: ChartSeries,
  index: number,
  format: (value: number) => string,
  { lines, fill }: ChartColours,
): uPlot.Series {
  const stroke = lines[index % lines.length] ?? '';
  const shared = {
    label: name,
    stroke,
    value: (_chart: uPlot, value: number | null) => (value === null ? '' : format(value)),
  };
  if (kind === 'line') return { ...shared, width: LINE_WIDTH_PX, points: { show: true, size: 5, fill: stroke } };
  const paths = uPlot.paths.bars?.({ size: [BAR_SHARE, MAX_BAR_PX], align: 1 });
  return { ...shared, width: 1, fill, points: { show: false }, paths };
}

function stepSecondsOf(at: readonly Date[]): number {
  const [last, before] = [at.at(-1), at.at(-2)];
  return last && before ? (last.getTime() - before.getTime()) / 1_000 : 0;
}
