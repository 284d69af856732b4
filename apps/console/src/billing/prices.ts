import { useQuery } from '@tanstack/react-query';

import { answerOf, control } from '../api/control.js';

/** What the plans cost that the organization has and had. */
export function usePrices() {
  return useQuery({
    queryKey: ['prices'],
    staleTime: Infinity,
    queryFn: ({ signal }) => answerOf(control.GET('/v1/prices', { signal })),
  });
}
