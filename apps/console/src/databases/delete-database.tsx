import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answerOf, control } from '../api/control.js';
import { ConfirmDialog } from '../parts/confirm-dialog.js';
import { formatSeconds } from '../parts/format.js';
import { tell } from '../parts/toasts.js';
import { DATABASES, type Database } from './database-list.js';

interface DeleteDatabaseProps {
  readonly database: Database;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onDeleted?: () => void;
}

/** Deletes a database whose name was typed, if nobody has changed its settings since they were read. */
export function DeleteDatabase({ database, opened, onClose, onDeleted }: DeleteDatabaseProps) {
  const { id, name, revision, undeleteSeconds } = database;
  const client = useQueryClient();
  const removal = useMutation({
    mutationFn: () =>
      answerOf(
        control.DELETE('/v1/databases/{nameOrId}', {
          params: { path: { nameOrId: id }, header: { 'If-Match': `"${revision}"` } },
        }),
      ),
    onSuccess: async () => {
      tell(`${name} is deleted.`);
      onClose();
      onDeleted?.();
      await client.invalidateQueries({ queryKey: DATABASES });
    },
  });
  return (
    <ConfirmDialog
      opened={opened}
      title={`Delete ${name}?`}
      action="Delete database"
      typed={name}
      isBusy={removal.isPending}
      error={removal.error}
      onConfirm={() => removal.mutate()}
      onClose={() => {
        removal.reset();
        onClose();
      }}
    >
      Whatever uses it is refused within seconds. For {formatSeconds(undeleteSeconds)} it can be had back, with all of
      its data; after that it is gone for good.
    </ConfirmDialog>
  );
}
