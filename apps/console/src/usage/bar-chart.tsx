import 'uplot/dist/uPlot.min.css';

import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

import classes from './bar-chart.module.css';

interface BarChartProps {
  /** What it shows, for those who do not see it. */
  readonly label: string;
  readonly at: readonly Date[];
  readonly values: readonly number[];
  readonly format: (value: number) => string;
}

const HEIGHT_PX = 260;
const AXIS_WIDTH_PX = 76;
/** Of the place that a bar has. */
const BAR_SHARE = 0.7;
const MAX_BAR_PX = 48;

/** Amounts over time. */
export function BarChart({ label, at, values, format }: BarChartProps) {
  const { ref: frame, width } = useElementSize();
  const host = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');
  useEffect(() => {
    if (!host.current || width === 0) return undefined;
    const chart = new uPlot(
      optionsOf(width, label, stepSecondsOf(at), format, colours()),
      dataOf(at, values),
      host.current,
    );
    return () => chart.destroy();
  }, [width, label, at, values, format, scheme]);
  return (
    <div ref={frame} className={classes['frame']}>
      <div ref={host} role="img" aria-label={label} />
    </div>
  );
}

function dataOf(at: readonly Date[], values: readonly number[]): uPlot.AlignedData {
  return [at.map((date) => date.getTime() / 1_000), [...values]];
}

function stepSecondsOf(at: readonly Date[]): number {
  const [last, before] = [at.at(-1), at.at(-2)];
  return last && before ? (last.getTime() - before.getTime()) / 1_000 : 0;
}

function optionsOf(
  width: number,
  name: string,
  stepSeconds: number,
  format: (value: number) => string,
  { line, fill, text, grid }: Colours,
): uPlot.Options {
  const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: '12px sans-serif' };
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: true, live: true },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    scales: {
      // Each bar stands behind its time: the last one too.
      x: { range: (_chart, min, max) => [min, max + stepSeconds] },
      y: { range: (_chart, _min, max) => [0, max > 0 ? max * 1.1 : 10] },
    },
    axes: [
      { ...axis, grid: { show: false } },
      { ...axis, size: AXIS_WIDTH_PX, values: (_chart, marks) => marks.map((mark) => format(mark)) },
    ],
    series: [
      { label: 'From' },
      {
        label: name,
        stroke: line,
        fill,
        width: 1,
        points: { show: false },
        value: (_chart, value) => (value === null ? '' : format(value)),
        paths: uPlot.paths.bars?.({ size: [BAR_SHARE, MAX_BAR_PX], align: 1 }),
      },
    ],
  };
}

interface Colours {
  readonly line: string;
  readonly fill: string;
  readonly text: string;
  readonly grid: string;
}

/** A canvas knows no variables: they are read when it is drawn, and it is drawn anew when the scheme changes. */
function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const valueOf = (variable: string) => style.getPropertyValue(variable).trim();
  return {
    line: valueOf('--chart-line'),
    fill: valueOf('--chart-fill'),
    text: valueOf('--mantine-color-dimmed'),
    grid: valueOf('--line'),
  };
}
