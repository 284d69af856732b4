import { Radio, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { useSignedIn, type Role } from '../api/session.js';
import { DialogForm } from '../parts/dialog-form.js';
import { Dialog } from '../parts/dialog.js';
import { fieldsOf } from '../parts/fields-of.js';
import { INVITATIONS } from './invitations.js';
import { grantable, ROLES } from './roles.js';

export function Invite({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Dialog opened={opened} title="Invite somebody" onClose={onClose}>
      <Form onClose={onClose} />
    </Dialog>
  );
}

function Form({ onClose }: { readonly onClose: () => void }) {
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('developer');
  const mine = useSignedIn().organization?.role;
  const choices = ROLES.filter((each) => grantable(mine).includes(each.role));
  const invitation = useChange(() => answerOf(control.POST('/v1/invitations', { body: { email, role } })), {
    reads: INVITATIONS,
    told: `${email} is invited.`,
    onDone: onClose,
  });
  return (
    <DialogForm action="Send invitation" change={invitation} onGiven={() => invitation.mutate()} onClose={onClose}>
      <TextInput
        label="E-mail address"
        type="email"
        required
        data-autofocus
        error={fieldsOf(invitation.error)['email']}
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <Radio.Group label="Role" value={role} onChange={(value) => setRole(value as Role)}>
        <Stack gap={6} mt={6}>
          {choices.map((each) => (
            <Radio key={each.role} value={each.role} label={`${each.role}: ${each.meaning}`} />
          ))}
        </Stack>
      </Radio.Group>
    </DialogForm>
  );
}
