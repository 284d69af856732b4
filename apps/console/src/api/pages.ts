import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/react-query';

/** A part of a list, and the way to the next one. */
interface ListPage {
  readonly cursor: string | null;
}

/** Which page of a list is wanted, as its route takes it; without a cursor the first. */
interface PageQuery {
  readonly cursor?: string;
}

/** Kept of one list: the API's pages have 100 items or more, and nobody reads on by hand for longer. */
const MAX_PAGES = 1_000;

/** A list that is read page by page, as far as somebody looks. */
export function usePages<Page extends ListPage>(
  queryKey: readonly unknown[],
  read: (page: PageQuery, signal: AbortSignal) => Promise<Page>,
  options: { readonly enabled?: boolean; readonly refetchInterval?: number } = {},
): UseInfiniteQueryResult<InfiniteData<Page>, Error> {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam === undefined ? {} : { cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last, pages) => (pages.length < MAX_PAGES ? (last.cursor ?? undefined) : undefined),
    ...options,
  });
}
