import { CostTooLargeError } from './costs/cost-question.js';
import type { UsagePlace, UsageQuestion, UsageRow } from './usage-question.js';
import type { UsagePage, UsageReport } from './usage-report.js';
import { stepBegin } from './usage-window.js';

/** Rows that are read at once. */
const READ_ROWS = 5_000;
/** Of one step, in memory at once: an organization may have so many databases. */
export const MAX_STEP_ROWS = 200_000;
/** Pages that are read for one step: some three million hours of databases. */
const MAX_STEP_PAGES = 16;

/** All rows of one step. */
export interface UsageStepRows {
  /** When the step begins. */
  readonly from: number;
  /** By place; empty: there was nothing until `reached`. */
  readonly rows: readonly UsageRow[];
  /** Before this time everything is told. */
  readonly reached: number;
}

/**
 * Usage by whole steps: who splits something among the rows of a step has to have all of them. Reads some steps ahead, and tells how far it has come also where it found
 * nothing, so that a caller can stop.
 *
 * @param question both `from` and `to` may lie inside of a step
 * @throws CostTooLargeError a step has too many rows, or too many hours of databases
 */
export async function* usageSteps(
  report: Pick<UsageReport, 'page'>,
  organizationId: string,
  question: Omit<UsageQuestion, 'after' | 'limit'>,
): AsyncGenerator<UsageStepRows, void, void> {
  const { step, group, to } = question;
  let at = stepBegin(step, question.from.getTime());
  let rows: UsageRow[] = [];
  let pages = 0;
  let after: UsagePlace | undefined;
  do {
    const page: UsagePage = await report.page(organizationId, { ...question, after, limit: READ_ROWS });
    pages += 1;
    for (const row of page.rows) {
      const begin = row.from.getTime();
      if (begin !== at) {
        if (rows.length > 0) yield { from: at, rows, reached: begin };
        [at, rows, pages] = [begin, [], 1];
      }
      rows.push(row);
    }
    after = page.next;
    if (rows.length > MAX_STEP_ROWS || pages > MAX_STEP_PAGES) throw new CostTooLargeError(step, group);
    const reached = after === undefined ? to.getTime() : after.from.getTime();
    if (after?.place === undefined && reached > at) {
      yield { from: at, rows, reached };
      [at, rows, pages] = [stepBegin(step, reached), [], 0];
    }
  } while (after !== undefined);
}
