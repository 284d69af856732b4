import { answerOf, control, type Schemas } from '../api/control.js';
import { usePages } from '../api/pages.js';

export type Database = Schemas['Database'];

export interface DatabaseFilter {
  /** How the names begin; empty: all. */
  readonly search: string;
  /** `key:value`; empty: all. */
  readonly label: string;
  readonly deleted: boolean;
}

/** What is read of databases, so that a change knows what to read again. */
export const DATABASES = ['databases'] as const;

const PAGE_DATABASES = 500;

/** The organization's databases by name, page by page. */
export function useDatabaseList({ search, label, deleted }: DatabaseFilter) {
  return usePages([...DATABASES, { search, label, deleted }], (page, signal) =>
    answerOf(
      control.GET('/v1/databases', {
        signal,
        params: {
          query: {
            limit: PAGE_DATABASES,
            ...page,
            ...(search !== '' && { search }),
            ...(label !== '' && { label }),
            ...(deleted && { deleted: 'true' }),
          },
        },
      }),
    ),
  );
}
