import { useQuery } from '@tanstack/react-query';

import { answerOf, control } from '../api/control.js';

/** Where nothing has a price yet. */
const UNTIL_KNOWN = 'USD';

/** In which everything here is billed: there is one. */
export function useCurrency(): string {
  const prices = useQuery({
    queryKey: ['prices'],
    staleTime: Infinity,
    queryFn: ({ signal }) => answerOf(control.GET('/v1/prices', { signal })),
  });
  return prices.data?.versions.at(-1)?.currency ?? UNTIL_KNOWN;
}
