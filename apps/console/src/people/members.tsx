import { Button, Table } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';

import { answerOf, control } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { ADMINS, useMay } from '../api/session.js';
import { Icon } from '../parts/icon.js';
import { Instant } from '../parts/instant.js';
import { More } from '../parts/more.js';
import { Page } from '../parts/page.js';
import { ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { Invitations } from './invitations.js';
import { Invite } from './invite.js';
import { MEMBERS, MemberActions, MemberRole } from './member-row.js';

/** Who belongs to the organization, and who is invited. */
export function Members() {
  const [inviting, dialog] = useDisclosure(false);
  const may = useMay(ADMINS);
  const members = usePages([...MEMBERS], (page, signal) =>
    answerOf(control.GET('/v1/members', { signal, params: { query: page } })),
  );
  return (
    <Page
      title="Members"
      description="What somebody may here goes by their role."
      actions={
        may && (
          <Button leftSection={<Icon name="plus" />} onClick={dialog.open}>
            Invite
          </Button>
        )
      }
    >
      <ScreenState query={members}>
        {({ pages }) => (
          <TableFrame label="Members" head={['E-mail address', 'Role', 'Member since', '']}>
            {pages
              .flatMap((page) => page.members)
              .map((member) => (
                <Table.Tr key={member.id}>
                  <Table.Td>{member.email}</Table.Td>
                  <Table.Td>
                    <MemberRole member={member} />
                  </Table.Td>
                  <Table.Td>
                    <Instant at={member.joinedAt} />
                  </Table.Td>
                  <Table.Td>
                    <MemberActions member={member} />
                  </Table.Td>
                </Table.Tr>
              ))}
          </TableFrame>
        )}
      </ScreenState>
      <More query={members} />
      {may && <Invitations />}
      <Invite opened={inviting} onClose={dialog.close} />
    </Page>
  );
}
