import type { Readable } from 'node:stream';

import { MICROS_PER_MINOR, type FlatLine } from '@leasehold/billing';
import type { CostQuestion, CostReckoning, CostReport, CostRow } from '@leasehold/metadata';

import { csvLine } from '../requests/csv.js';
import { ExportPlaces } from '../requests/export-places.js';
import { BILLED_METERS, BILLED_NAMES, costView, type CostView, type DatabaseFacts } from './cost-view.js';

/** Under way at once, at one instance. */
const MAX_EXPORTS = 2;
/** Of one export: some 150 MB. */
const MAX_ROWS = 1_000_000;
/** In one piece of it. */
const PIECE_ROWS = 1_000;

/** Names of databases, by their ids. */
export type FactsOf = (rows: readonly CostRow[]) => Promise<ReadonlyMap<string, DatabaseFacts>>;

/** All that a month cost as CSV, step by step as it is taken. Fees and minimums stand behind what was used: so the total of everything is that of the invoice. */
export class CostCsv {
  private readonly places = new ExportPlaces(MAX_EXPORTS);

  constructor(
    private readonly report: Pick<CostReport, 'steps'>,
    private readonly factsOf: FactsOf,
  ) {}

  /**
   * One that fails under way, or that has too many rows, breaks off: it does not end like a whole one.
   *
   * @throws ProblemError overloaded
   */
  begin(reckoning: CostReckoning, question: CostQuestion): Readable {
    return this.places.begin(this.lines(reckoning, question));
  }

  private async *lines(reckoning: CostReckoning, question: CostQuestion): AsyncGenerator<string, void, void> {
    const { group, meter, databaseId } = question;
    yield csvLine(['kind', 'from', ...groupHeading(question), ...microsOf(question).map((name) => `${name}Micros`)]);
    let sent = 0;
    for await (const { rows } of this.report.steps(reckoning, question)) {
      sent += rows.length;
      if (sent > MAX_ROWS) throw new Error('an export of costs has too many rows');
      for (let i = 0; i < rows.length; i += PIECE_ROWS) {
        const piece = rows.slice(i, i + PIECE_ROWS);
        const facts = group === 'database' ? await this.factsOf(piece) : new Map<string, DatabaseFacts>();
        yield piece.map((row) => usageLine(costView(row, question, facts), question)).join('');
      }
    }
    // They are of the whole account: no database, and no meter, has a part of them.
    if (meter !== undefined || databaseId !== undefined) return;
    for (const line of reckoning.cost.lines) if (line.kind !== 'meter') yield flatLine(line, question);
  }
}

function groupHeading({ group }: CostQuestion): readonly string[] {
  if (group === undefined) return [];
  return group === 'database' ? ['database', 'name'] : [group === 'key' ? 'key' : 'label'];
}

function microsOf({ meter }: CostQuestion) {
  if (meter === undefined) return [...BILLED_NAMES, 'total'] as const;
  return BILLED_NAMES.filter((name) => BILLED_METERS[name] === meter);
}

function usageLine(view: CostView, question: CostQuestion): string {
  const of = [view.database, view.name, view.key, view.label].filter((each) => each !== undefined);
  // Whole numbers, which may be larger than what a double has exactly; nothing that a spreadsheet would run.
  return csvLine(['usage', view.from, ...of, ...microsOf(question).map((name) => view.costMicros[name] ?? '0')]);
}

function flatLine({ kind, from, amount }: FlatLine, question: CostQuestion): string {
  const nobody = groupHeading(question).map(() => '');
  const total = String(amount * MICROS_PER_MINOR);
  return csvLine([kind, new Date(from), ...nobody, ...BILLED_NAMES.map(() => '0'), total]);
}
