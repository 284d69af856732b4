import { useQuery } from '@tanstack/react-query';

import { answerOf, control } from '../api/control.js';
import { DATABASES } from './database-list.js';

/** Databases that are looked at: mostly all have the same. */
const LOOKED_AT = 200;
/** Offered; others can be typed. */
const MAX_KEYS = 20;
const KEPT_MS = 60_000;

/** Keys of the labels that databases have, for lists of what can be chosen. Empty while nobody knows, and where one may not see databases. */
export function useLabelKeys(): readonly string[] {
  const keys = useQuery({
    queryKey: [...DATABASES, 'label-keys'],
    staleTime: KEPT_MS,
    queryFn: async ({ signal }) => {
      const query = { limit: LOOKED_AT };
      const { databases } = await answerOf(control.GET('/v1/databases', { signal, params: { query } }));
      return [...new Set(databases.flatMap(({ labels }) => Object.keys(labels)))].sort().slice(0, MAX_KEYS);
    },
  });
  return keys.data ?? [];
}
