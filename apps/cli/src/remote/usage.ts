import type { UsageQuestion, UsageRow } from '@leasehold/client/control';

import { CliError } from '../cli-error.js';
import { controlOf } from './account.js';
import { onOneLine, type Output } from './output.js';

export interface UsageOptions {
  readonly from?: string;
  readonly to?: string;
  readonly step?: UsageQuestion['step'];
  readonly group?: UsageQuestion['group'];
  readonly database?: string;
}

const HEADINGS = ['from', 'of', 'write units', 'read units', 'egress bytes', 'stored GB-hours'];

/** What was used, a line for each step; this month by days where nothing is said. */
export async function usage(options: UsageOptions, env: NodeJS.ProcessEnv, output: Output): Promise<void> {
  const { step, group, database } = options;
  const asked = { from: hourOf(options.from), to: hourOf(options.to), step, group, database };
  const rows = controlOf(env).usage.list(asked);
  if (!output.json) await output.line(HEADINGS.join('\t'));
  for await (const row of rows) await output.line(output.json ? JSON.stringify(row) : lineOf(row));
}

function lineOf({ from, database, key, label, ...row }: UsageRow): string {
  const { writeUnits, readUnits, egressBytes, storedGbHours } = row;
  const of = database ?? (key === null ? 'no key' : key) ?? (label === null ? 'no label' : label) ?? 'everything';
  return [from, onOneLine(of), writeUnits, readUnits, egressBytes, storedGbHours].join('\t');
}

function hourOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new CliError(`${text} is no time; one is 2030-01-31T00:00Z`);
  return date;
}
