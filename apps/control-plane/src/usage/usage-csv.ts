import type { Readable } from 'node:stream';

import type { UsageGroup, UsageMeter, UsageQuestion, UsageReport } from '@leasehold/metadata';

import { csvLine } from '../requests/csv.js';
import { ExportPlaces } from '../requests/export-places.js';
import { viewOf, type UsageView } from './usage-view.js';

/** In memory at once, of one export. */
const PAGE_ROWS = 1_000;
/** Under way at once, at one instance. */
const MAX_EXPORTS = 4;
/** Of one export: some 100 MB. */
const MAX_ROWS = 1_000_000;

const NUMBERS = [
  'writeUnits',
  'readUnits',
  'egressBytes',
  'storedGbHours',
  'requests',
  'commits',
  'freeReadUnits',
] as const satisfies readonly (keyof UsageView)[];

/** All rows that are asked for as CSV, page by page as they are taken. */
export class UsageExports {
  private readonly places = new ExportPlaces(MAX_EXPORTS);

  constructor(private readonly report: Pick<UsageReport, 'page'>) {}

  /**
   * One that fails under way, or that has too many rows, breaks off: it does not end like a whole one.
   *
   * @throws ProblemError overloaded
   */
  begin(organizationId: string, question: UsageQuestion): Readable {
    return this.places.begin(this.lines(organizationId, question));
  }

  private async *lines(organizationId: string, question: UsageQuestion): AsyncGenerator<string, void, void> {
    const { group, meter } = question;
    yield csvLine(['from', ...headingOf(group), ...numbersOf(meter)]);
    let { after } = question;
    for (let sent = 0; sent < MAX_ROWS;) {
      const { rows, next } = await this.report.page(organizationId, { ...question, after, limit: PAGE_ROWS });
      if (rows.length > 0) yield rows.map((row) => lineOf(viewOf(row, group, undefined), meter)).join('');
      if (next === undefined) return;
      sent += rows.length;
      after = next;
    }
    throw new Error('an export of usage has too many rows');
  }
}

function headingOf(group: UsageGroup | undefined): readonly string[] {
  return group === undefined ? [] : [typeof group === 'object' ? 'label' : group];
}

function numbersOf(meter: UsageMeter | undefined): readonly (typeof NUMBERS)[number][] {
  const shown = meter === 'storedByteMs' ? 'storedGbHours' : meter;
  return shown === undefined ? NUMBERS : [shown];
}

function lineOf(view: UsageView, meter: UsageMeter | undefined): string {
  const of = [view.database, view.key, view.label].filter((each) => each !== undefined);
  return csvLine([view.from, ...of, ...numbersOf(meter).map((name) => view[name] ?? 0)]);
}
