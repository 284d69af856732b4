import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answerOf, control } from '../api/control.js';
import { BUILDERS, useMay } from '../api/session.js';
import { Icon } from '../parts/icon.js';
import { tell, tellFailure } from '../parts/toasts.js';
import { DATABASES, type Database } from './database-list.js';
import { DeleteDatabase } from './delete-database.js';

/** What can be done with a database from the list of them. */
export function DatabaseActions({ database }: { readonly database: Database }) {
  const [deleting, dialog] = useDisclosure(false);
  const may = useMay(BUILDERS);
  if (!may) return null;
  if (database.deletedAt !== null) return <Undelete database={database} />;
  return (
    <>
      <Tooltip label="Delete">
        <ActionIcon variant="subtle" color="gray" onClick={dialog.open} aria-label={`Delete ${database.name}`}>
          <Icon name="trash" />
        </ActionIcon>
      </Tooltip>
      <DeleteDatabase database={database} opened={deleting} onClose={dialog.close} />
    </>
  );
}

function Undelete({ database: { id, name } }: { readonly database: Database }) {
  const client = useQueryClient();
  const undelete = useMutation({
    mutationFn: () => answerOf(control.POST('/v1/databases/{id}/undelete', { params: { path: { id } }, body: {} })),
    onSuccess: () => {
      tell(`${name} is back.`);
      return client.invalidateQueries({ queryKey: DATABASES });
    },
    onError: tellFailure,
  });
  return (
    <Button size="compact-sm" variant="light" onClick={() => undelete.mutate()} loading={undelete.isPending}>
      Undelete
    </Button>
  );
}
