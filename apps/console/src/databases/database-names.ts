import { useQuery } from '@tanstack/react-query';

import { answerOf, control, type Schemas } from '../api/control.js';
import { DATABASES } from './database-list.js';

const PAGE = 1_000;
/** Names are a comfort here: beyond so many the id is shown. */
const MAX_PAGES = 10;

const NONE: ReadonlyMap<string, string> = new Map();

/** Names by id. @param enabled whether they are wanted at all */
export function useDatabaseNames(enabled: boolean): ReadonlyMap<string, string> {
  const names = useQuery({ queryKey: [...DATABASES, 'names'], enabled, queryFn: ({ signal }) => readNames(signal) });
  return names.data ?? NONE;
}

async function readNames(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const on: Record<string, string> = cursor === null ? {} : { cursor };
    const answer: Schemas['DatabasePage'] = await answerOf(
      control.GET('/v1/databases', { signal, params: { query: { limit: PAGE, ...on } } }),
    );
    for (const { id, name } of answer.databases) names.set(id, name);
    cursor = answer.cursor;
    if (cursor === null) break;
  }
  return names;
}
