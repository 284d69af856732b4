import type { MetricsQuestion, MetricsRow } from '@leasehold/client/control';

import { CliError } from '../cli-error.js';
import { controlOf } from './account.js';
import type { Output } from './output.js';

export interface MetricsOptions {
  readonly from?: string;
  readonly to?: string;
  readonly step?: MetricsQuestion['step'];
}

const HEADINGS = ['from', 'requests', 'errors', 'p50 ms', 'p99 ms', 'cold starts', 'of which each took, ms'];

/** Requests to a database, a line for each step in which there were any; the last hour by minutes where nothing is said. */
export async function metrics(
  database: string,
  { from, to, step }: MetricsOptions,
  env: NodeJS.ProcessEnv,
  output: Output,
): Promise<void> {
  const told = await controlOf(env).metrics.of(database, { from: timeOf(from), to: timeOf(to), step });
  if (!output.json) await output.line(HEADINGS.join('\t'));
  for (const row of told.metrics) await output.line(output.json ? JSON.stringify(row) : lineOf(row));
}

function lineOf({ from, requests, errors, p50Ms, p99Ms, coldStarts, coldPhasesMs }: MetricsRow): string {
  const phases = Object.entries(coldPhasesMs).map(([phase, ms]) => `${phase} ${rounded(ms)}`);
  return [from, requests, errors, rounded(p50Ms), rounded(p99Ms), coldStarts, phases.join(', ')].join('\t');
}

/** To a tenth: percentiles are a tenth of their value wide. */
function rounded(ms: number | null): string {
  return ms === null ? '' : String(Math.round(ms * 10) / 10);
}

function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new CliError(`${text} is no time; one is 2030-01-31T00:00Z`);
  return date;
}
