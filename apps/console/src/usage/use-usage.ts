import { useQuery } from '@tanstack/react-query';

import { answerOf, control, type Schemas } from '../api/control.js';
import { answerBefore, timedKey } from '../api/timed-question.js';
import type { UsageRow } from './meters.js';
import type { UsageRange } from './usage-range.js';

export interface UsageQuestion extends UsageRange {
  /** Name or id; empty: all. */
  readonly database: string;
  /** `database`, `key`, `label:…`; empty: one row for everything. */
  readonly group: string;
}

export interface UsageAnswer {
  readonly rows: readonly UsageRow[];
  /** Until when everything is told; null: nothing yet. */
  readonly completeTo: string | null;
  /** There are others that were not read. */
  readonly isCut: boolean;
}

const PAGE_ROWS = 1_000;
/** What is on a screen; the rest is for the export. */
const MAX_PAGES = 10;
/** Usage comes in every few seconds. */
const REFRESH_MS = 30_000;

export function useUsage(question: UsageQuestion) {
  const { step, database, group } = question;
  const queryKey = timedKey(['usage', step, database, group], question);
  return useQuery({
    queryKey,
    refetchInterval: REFRESH_MS,
    placeholderData: answerBefore(queryKey),
    queryFn: ({ signal }) => readUsage(question, signal),
  });
}

async function readUsage(question: UsageQuestion, signal: AbortSignal): Promise<UsageAnswer> {
  const rows: UsageRow[] = [];
  let cursor: string | null = null;
  let completeTo: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query: Record<string, string> = cursor === null ? {} : { cursor };
    // It may be CSV too, which the document has no schema of.
    const answer = (await answerOf<unknown>(
      control.GET('/v1/usage', {
        signal,
        params: { query: { ...usageQueryOf(question), limit: PAGE_ROWS, ...query } },
      }),
    )) as Schemas['Usage'];
    rows.push(...answer.usage);
    completeTo ??= answer.completeTo;
    cursor = answer.cursor;
    if (cursor === null) break;
  }
  return { rows, completeTo, isCut: cursor !== null };
}

export function usageQueryOf({ from, to, step, database, group }: UsageQuestion) {
  return {
    from: hourOf(from),
    to: hourOf(to),
    step,
    ...(database !== '' && { database }),
    ...(group !== '' && { group }),
  };
}

/** `2026-11-28T09:00Z` */
function hourOf(date: Date): string {
  return `${date.toISOString().slice(0, 16)}Z`;
}
