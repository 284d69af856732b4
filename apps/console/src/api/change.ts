import { useMutation, useQueryClient, type QueryKey } from '@tanstack/react-query';

import { tell } from '../parts/toasts.js';

interface ChangeOptions<Done> {
  /** What was read before and is read again. */
  readonly reads?: QueryKey;
  /** Said when it is done. */
  readonly told?: string;
  readonly onDone?: (done: Done) => void;
}

/** Something that is done once somebody wants it, with what follows from it on screen. */
export function useChange<Wanted = void, Done = unknown>(
  change: (wanted: Wanted) => Promise<Done>,
  { reads, told, onDone }: ChangeOptions<Done> = {},
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (done) => {
      if (told !== undefined) tell(told);
      onDone?.(done);
      return reads === undefined ? undefined : client.invalidateQueries({ queryKey: reads });
    },
  });
}
