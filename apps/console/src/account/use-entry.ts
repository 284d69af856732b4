import { useMutation, useQueryClient } from '@tanstack/react-query';

import { ME } from '../api/query-client.js';

/** A change of who is here: what was read for whoever was here before is forgotten. */
export function useEntry<Wanted, Done>(enter: (wanted: Wanted) => Promise<Done>, onDone?: (done: Done) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: enter,
    onSuccess: async (done) => {
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== ME[0] });
      await client.invalidateQueries({ queryKey: ME });
      onDone?.(done);
    },
  });
}
