import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useLocation } from 'wouter';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { ConfirmDialog } from '../parts/confirm-dialog.js';
import { countOf } from '../parts/format.js';
import { DATABASES, type DatabaseFilter } from './database-list.js';

/** Deletes everything that a filter shows, as an operation; how many that are is asked before. */
export function DeleteMatching({ search, label }: Pick<DatabaseFilter, 'search' | 'label'>) {
  const [asking, dialog] = useDisclosure(false);
  const [, navigate] = useLocation();
  const matches = useQuery({
    queryKey: [...DATABASES, 'matching', search, label],
    enabled: asking,
    queryFn: async () => {
      const found = await deletion(search, label, true);
      return 'matches' in found ? found.matches : 0;
    },
  });
  const removal = useChange(() => deletion(search, label, false), {
    reads: DATABASES,
    told: 'They are being deleted.',
    onDone: () => navigate('/operations'),
  });
  const count = matches.data ?? 0;
  return (
    <>
      <Button variant="outline" color="red" onClick={dialog.open}>
        Delete all that match
      </Button>
      <ConfirmDialog
        opened={asking}
        title={`Delete ${countOf(count, 'database')}?`}
        action="Delete them"
        typed={String(count)}
        isBusy={removal.isPending || matches.isFetching || matches.data === undefined}
        error={matches.error ?? removal.error}
        onConfirm={() => removal.mutate()}
        onClose={dialog.close}
      >
        All that {[search && `begin with ${search}`, label && `have the label ${label}`].filter(Boolean).join(' and ')}.
        Those that are protected stay. It can be cancelled while it runs, and each of them had back for a while.
      </ConfirmDialog>
    </>
  );
}

function deletion(search: string, label: string, dryRun: boolean): Promise<Schemas['DatabasesDeletionBegun']> {
  const colon = label.indexOf(':');
  const body = {
    dryRun,
    ...(search !== '' && { search }),
    ...(label !== '' && { label: { key: label.slice(0, colon), value: label.slice(colon + 1) } }),
  };
  return answerOf(control.POST('/v1/databases/delete', { body })) as Promise<Schemas['DatabasesDeletionBegun']>;
}
