import { useQuery } from '@tanstack/react-query';

import { answerOf, control } from '../api/control.js';
import { ADMINS, useMay } from '../api/session.js';
import { KEYS } from './key-list.js';

/** Names are a comfort here: beyond so many the id is shown. */
const MAX_NAMED = 1_000;

const NONE: ReadonlyMap<string, string> = new Map();

/** Names by id, for those who may list keys. @param enabled whether they are wanted at all */
export function useKeyNames(enabled: boolean): ReadonlyMap<string, string> {
  const may = useMay(ADMINS);
  const names = useQuery({
    queryKey: [...KEYS, 'names'],
    enabled: enabled && may,
    queryFn: async ({ signal }) => {
      const { keys } = await answerOf(control.GET('/v1/keys', { signal, params: { query: { limit: MAX_NAMED } } }));
      return new Map(keys.map(({ id, name }) => [id, name]));
    },
  });
  return names.data ?? NONE;
}
