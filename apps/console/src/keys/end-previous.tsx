import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answerOf, control } from '../api/control.js';
import { ConfirmDialog } from '../parts/confirm-dialog.js';
import { tell } from '../parts/toasts.js';
import type { KeyDialogProps } from './key-dialog.js';
import { KEYS } from './key-list.js';

/** Ends the secret from before a rotation early. */
export function EndPrevious({ apiKey: { id, name, previous }, opened, onClose }: KeyDialogProps) {
  const client = useQueryClient();
  const ending = useMutation({
    mutationFn: () => answerOf(control.DELETE('/v1/keys/{id}/previous', { params: { path: { id } } })),
    onSuccess: () => {
      tell('The previous secret has ended.');
      onClose();
      return client.invalidateQueries({ queryKey: KEYS });
    },
  });
  return (
    <ConfirmDialog
      opened={opened}
      title={`End the previous secret of ${name}?`}
      action="End it now"
      isBusy={ending.isPending}
      error={ending.error}
      onConfirm={() => ending.mutate()}
      onClose={onClose}
    >
      What still uses …{previous?.lastFour} is refused within two seconds. The present secret goes on.
    </ConfirmDialog>
  );
}
