import { relative } from 'node:path';

interface File {
  readonly name: string;
  readonly startTime: number;
  readonly endTime: number;
}

/** The files of a Jest report (`--json`) that took longest, one line each: what to look at when the whole gets slow. */
export function slowestFiles(report: string, root: string, count: number): readonly string[] {
  const { testResults = [] } = JSON.parse(report) as { testResults?: readonly File[] };
  return testResults
    .map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1_000 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, count)
    .map(({ name, seconds }) => `${seconds.toFixed(1).padStart(6)} s  ${relative(root, name)}`);
}
