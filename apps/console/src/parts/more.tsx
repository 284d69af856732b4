import { Button, Center } from '@mantine/core';
import type { UseInfiniteQueryResult } from '@tanstack/react-query';

import { Failure } from './failure.js';

type Listed = Pick<UseInfiniteQueryResult, 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage' | 'error'>;

/** Reads the next page of a list, while there is one. */
export function More({ query }: { readonly query: Listed }) {
  const { hasNextPage, isFetchingNextPage, fetchNextPage, error } = query;
  return (
    <>
      <Failure error={error as Error | null} />
      {hasNextPage && (
        <Center>
          <Button variant="default" onClick={() => void fetchNextPage()} loading={isFetchingNextPage}>
            Show more
          </Button>
        </Center>
      )}
    </>
  );
}
