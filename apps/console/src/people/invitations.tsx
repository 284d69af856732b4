import { Button, Table, Title } from '@mantine/core';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { Instant } from '../parts/instant.js';
import { More } from '../parts/more.js';
import { ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { tellFailure } from '../parts/toasts.js';

export const INVITATIONS = ['invitations'] as const;

/** Who is invited and has not answered. */
export function Invitations() {
  const list = usePages([...INVITATIONS], (page, signal) =>
    answerOf(control.GET('/v1/invitations', { signal, params: { query: page } })),
  );
  const revocation = useChange(
    (id: string) => answerOf(control.DELETE('/v1/invitations/{id}', { params: { path: { id } } })),
    { reads: INVITATIONS, told: 'The invitation is taken back.' },
  );
  return (
    <ScreenState
      query={list}
      isEmpty={({ pages }) => pages[0]?.invitations.length === 0}
      empty={<></>}
      skeletonRows={2}
    >
      {({ pages }) => (
        <section aria-label="Open invitations">
          <Title order={2} size="h4" mb="sm">
            Open invitations
          </Title>
          <TableFrame label="Open invitations" head={['E-mail address', 'Role', 'Invited by', 'Until', '']}>
            {pages
              .flatMap(({ invitations }) => invitations)
              .map(({ id, email, role, invitedBy, expiresAt }) => (
                <Table.Tr key={id}>
                  <Table.Td>{email}</Table.Td>
                  <Table.Td>{role}</Table.Td>
                  <Table.Td>{invitedBy}</Table.Td>
                  <Table.Td>
                    <Instant at={expiresAt} />
                  </Table.Td>
                  <Table.Td>
                    <Button
                      variant="subtle"
                      color="red"
                      size="compact-sm"
                      aria-label={`Take back the invitation of ${email}`}
                      onClick={() => revocation.mutate(id, { onError: tellFailure })}
                    >
                      Take back
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
          </TableFrame>
          <More query={list} />
        </section>
      )}
    </ScreenState>
  );
}
