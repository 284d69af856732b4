import { useQuery } from '@tanstack/react-query';

import { answerOf, control, type Schemas } from '../api/control.js';
import type { Step } from './usage-range.js';

type Answer = Schemas['MonthCosts'];
export type CostRow = Answer['costs'][number];

export interface CostQuestion {
  /** `2026-11`. */
  readonly month: string;
  readonly step: Step;
  /** Name or id; empty: all. */
  readonly database: string;
  /** `database`, `key`, `label:…`; empty: one row for everything. */
  readonly group: string;
}

export interface CostAnswer extends Pick<Answer, 'currency' | 'amounts' | 'completeTo'> {
  readonly rows: readonly CostRow[];
  /** There are others that were not read. */
  readonly isCut: boolean;
}

const PAGE_ROWS = 1_000;
/** What is on a screen; the rest is for the export. */
const MAX_PAGES = 10;
const REFRESH_MS = 60_000;

export function useCosts(question: CostQuestion) {
  const { month, step, database, group } = question;
  return useQuery({
    queryKey: ['month-costs', month, step, database, group],
    refetchInterval: REFRESH_MS,
    queryFn: ({ signal }) => readCosts(question, signal),
  });
}

async function readCosts(question: CostQuestion, signal: AbortSignal): Promise<CostAnswer> {
  const rows: CostRow[] = [];
  let answer = await readPage(question, {}, signal);
  // Pages go on with the reckoning of the first one: its amounts are theirs.
  const { currency, amounts, completeTo } = answer;
  rows.push(...answer.costs);
  for (let page = 1; page < MAX_PAGES && answer.cursor !== null; page += 1) {
    answer = await readPage(question, { cursor: answer.cursor }, signal);
    rows.push(...answer.costs);
  }
  return { rows, currency, amounts, completeTo, isCut: answer.cursor !== null };
}

async function readPage(question: CostQuestion, more: { cursor?: string }, signal: AbortSignal): Promise<Answer> {
  const query = { ...costQueryOf(question), limit: PAGE_ROWS, ...more };
  // It may be CSV too, which the document has no schema of.
  return (await answerOf<unknown>(control.GET('/v1/costs', { signal, params: { query } }))) as Answer;
}

export function costQueryOf({ month, step, database, group }: CostQuestion) {
  return { month, step, ...(database !== '' && { database }), ...(group !== '' && { group }) };
}
