import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { PAYERS, useMay } from '../api/session.js';
import { ConfirmDialog } from '../parts/confirm-dialog.js';
import { BUDGETS, type Budget } from './budget.js';

export function EndBudget({ budget }: { readonly budget: Budget }) {
  const [asking, dialog] = useDisclosure(false);
  const may = useMay(PAYERS);
  const ending = useChange(() => end(budget), { reads: BUDGETS, told: 'The budget is gone.', onDone: dialog.close });
  if (!may) return null;
  const of = budget.subject === null ? 'the organization' : (budget.subject.name ?? budget.subject.id);
  return (
    <>
      <Button
        variant="subtle"
        color="red"
        size="compact-sm"
        onClick={dialog.open}
        aria-label={`Remove the budget of ${of}`}
      >
        Remove
      </Button>
      <ConfirmDialog
        opened={asking}
        title={`Remove the budget of ${of}?`}
        action="Remove budget"
        isBusy={ending.isPending}
        error={ending.error}
        onConfirm={() => ending.mutate()}
        onClose={dialog.close}
      >
        What it has stopped goes on within seconds.
      </ConfirmDialog>
    </>
  );
}

function end({ scope, subject }: Budget) {
  if (scope === 'organization') return answerOf(control.DELETE('/v1/budgets/organization'));
  const id = subject?.id ?? '';
  if (scope === 'key') return answerOf(control.DELETE('/v1/budgets/keys/{id}', { params: { path: { id } } }));
  return answerOf(control.DELETE('/v1/budgets/databases/{nameOrId}', { params: { path: { nameOrId: id } } }));
}
