export interface ChartColours {
  /** Of the first series, the second, … */
  readonly lines: readonly string[];
  readonly fill: string;
  readonly text: string;
  readonly grid: string;
}

/** A canvas knows no variables: they are read when it is drawn, and it is drawn anew when the scheme changes. */
export function chartColours(): ChartColours {
  const style = getComputedStyle(document.documentElement);
  const valueOf = (variable: string) => style.getPropertyValue(variable).trim();
  return {
    lines: [valueOf('--chart-line'), valueOf('--chart-line-2')],
    fill: valueOf('--chart-fill'),
    text: valueOf('--mantine-color-dimmed'),
    grid: valueOf('--line'),
  };
}
