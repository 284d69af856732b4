import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answerOf, control } from '../api/control.js';
import { ConfirmDialog } from '../parts/confirm-dialog.js';
import { tell } from '../parts/toasts.js';
import type { KeyDialogProps } from './key-dialog.js';
import { KEYS } from './key-list.js';

export function RevokeKey({ apiKey: { id, name, lastFour }, opened, onClose }: KeyDialogProps) {
  const client = useQueryClient();
  const revocation = useMutation({
    mutationFn: () => answerOf(control.DELETE('/v1/keys/{id}', { params: { path: { id } } })),
    onSuccess: () => {
      tell(`${name} is revoked.`);
      onClose();
      return client.invalidateQueries({ queryKey: KEYS });
    },
  });
  return (
    <ConfirmDialog
      opened={opened}
      title={`Revoke ${name} …${lastFour}?`}
      action="Revoke key"
      isBusy={revocation.isPending}
      error={revocation.error}
      onConfirm={() => revocation.mutate()}
      onClose={onClose}
    >
      Whatever uses it, and every token that it made, is refused within two seconds. This cannot be undone.
    </ConfirmDialog>
  );
}
