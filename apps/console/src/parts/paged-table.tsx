import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { More } from './more.js';
import { ScreenState } from './screen-state.js';
import { TableFrame } from './table-frame.js';

interface PagedTableProps<Page, Item> {
  readonly query: UseInfiniteQueryResult<InfiniteData<Page>, Error>;
  readonly itemsOf: (page: Page) => readonly Item[];
  /** What stands there when there are none. */
  readonly empty: ReactNode;
  readonly skeletonRows?: number | undefined;
  /** What the table is of, for those who do not see it. */
  readonly label: string;
  readonly head: readonly ReactNode[];
  readonly minWidth?: number | undefined;
  /** Below the table, once there is one. */
  readonly below?: ReactNode;
  /** A row, with a key. */
  readonly children: (item: Item) => ReactNode;
}

/** A list that is read page by page, as a table with the way to more of it; and what is there before it, or instead. */
export function PagedTable<Page, Item>({ query, itemsOf, empty, skeletonRows, ...table }: PagedTableProps<Page, Item>) {
  const { label, head, minWidth, below, children } = table;
  return (
    <ScreenState
      query={query}
      isEmpty={({ pages }) => pages.every((page) => itemsOf(page).length === 0)}
      empty={empty}
      skeletonRows={skeletonRows}
    >
      {({ pages }) => (
        <>
          <TableFrame label={label} head={head} minWidth={minWidth}>
            {pages.flatMap(itemsOf).map((item) => children(item))}
          </TableFrame>
          {below}
          <More query={query} />
        </>
      )}
    </ScreenState>
  );
}
