import { Button, Text, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { ConfirmDialog } from '../parts/confirm-dialog.js';
import { DialogForm } from '../parts/dialog-form.js';
import { Dialog } from '../parts/dialog.js';
import { TENANTS } from './tenants.js';

type Tenant = Schemas['Tenant'];

/** Stops a tenant, or lets it go on. */
export function Suspension({ tenant }: { readonly tenant: Tenant }) {
  return tenant.suspension === null ? <Suspend tenant={tenant} /> : <Resume tenant={tenant} />;
}

function Suspend({ tenant: { id, name } }: { readonly tenant: Tenant }) {
  const [opened, dialog] = useDisclosure(false);
  const [reason, setReason] = useState('');
  const params = { path: { id } };
  const suspension = useChange(
    () => answerOf(control.POST('/v1/admin/tenants/{id}/suspend', { params, body: { reason } })),
    { reads: TENANTS, told: `${name} is suspended.`, onDone: dialog.close },
  );
  return (
    <>
      <Button color="red" variant="outline" onClick={dialog.open}>
        Suspend
      </Button>
      <Dialog opened={opened} title={`Suspend ${name}`} onClose={dialog.close}>
        <DialogForm
          action="Suspend tenant"
          color="red"
          change={suspension}
          onGiven={() => suspension.mutate()}
          onClose={dialog.close}
        >
          <Text size="sm">
            Every request to its databases is refused within seconds. Its data is kept, and its people can still log in.
          </Text>
          <Textarea
            label="Reason"
            description="For operators. The tenant does not see it."
            required
            data-autofocus
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </DialogForm>
      </Dialog>
    </>
  );
}

function Resume({ tenant: { id, name } }: { readonly tenant: Tenant }) {
  const [opened, dialog] = useDisclosure(false);
  const resumption = useChange(
    () => answerOf(control.POST('/v1/admin/tenants/{id}/resume', { params: { path: { id } } })),
    { reads: TENANTS, told: `${name} goes on.`, onDone: dialog.close },
  );
  return (
    <>
      <Button onClick={dialog.open}>Resume</Button>
      <ConfirmDialog
        opened={opened}
        title={`Resume ${name}?`}
        action="Resume tenant"
        isBusy={resumption.isPending}
        error={resumption.error}
        onConfirm={() => resumption.mutate()}
        onClose={dialog.close}
      >
        Its databases are served again within seconds.
      </ConfirmDialog>
    </>
  );
}
