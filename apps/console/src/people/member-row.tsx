import { Button, Select } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { ME } from '../api/query-client.js';
import { useSignedIn, type Role } from '../api/session.js';
import { ConfirmDialog } from '../parts/confirm-dialog.js';
import { tellFailure } from '../parts/toasts.js';
import { grantable } from './roles.js';

type Member = Schemas['Member'];

export const MEMBERS = ['members'] as const;

/** The role, to be changed by those who may. */
export function MemberRole({ member: { id, email, role } }: { readonly member: Member }) {
  const mine = useSignedIn().organization?.role;
  const choices = grantable(mine);
  const change = useChange(
    (wanted: Role) => answerOf(control.PATCH('/v1/members/{id}', { params: { path: { id } }, body: { role: wanted } })),
    { reads: MEMBERS, told: `${email} has another role.` },
  );
  if (!choices.includes(role)) return role;
  return (
    <Select
      aria-label={`Role of ${email}`}
      size="xs"
      w="9rem"
      allowDeselect={false}
      data={[...choices]}
      value={role}
      disabled={change.isPending}
      onChange={(wanted) => {
        if (wanted !== null && wanted !== role) change.mutate(wanted as Role, { onError: tellFailure });
      }}
    />
  );
}

/** Out, or away. */
export function MemberActions({ member }: { readonly member: Member }) {
  const [removing, dialog] = useDisclosure(false);
  const me = useSignedIn();
  const isMe = member.userId === me.user.id;
  const removal = useChange(
    () => answerOf(control.DELETE('/v1/members/{id}', { params: { path: { id: member.id } } })),
    { reads: isMe ? ME : MEMBERS, told: isMe ? 'You have left.' : `${member.email} is out.`, onDone: dialog.close },
  );
  if (!isMe && !grantable(me.organization?.role).includes(member.role)) return null;
  const action = isMe ? 'Leave' : 'Remove';
  return (
    <>
      <Button
        variant="subtle"
        color="red"
        size="compact-sm"
        onClick={dialog.open}
        aria-label={`${action} ${member.email}`}
      >
        {action}
      </Button>
      <ConfirmDialog
        opened={removing}
        title={isMe ? `Leave ${me.organization?.name ?? ''}?` : `Remove ${member.email}?`}
        action={action}
        isBusy={removal.isPending}
        error={removal.error}
        onConfirm={() => removal.mutate()}
        onClose={dialog.close}
      >
        {isMe
          ? 'Somebody has to invite you to come back.'
          : 'They see nothing of the organization from their next request on. Keys that they made stay.'}
      </ConfirmDialog>
    </>
  );
}
