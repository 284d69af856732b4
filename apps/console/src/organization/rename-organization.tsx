import { Button, Group, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { ME } from '../api/query-client.js';
import { ADMINS, useMay, useSignedIn } from '../api/session.js';
import { Failure } from '../parts/failure.js';
import { Panel } from '../parts/panel.js';

export function RenameOrganization() {
  const { organization } = useSignedIn();
  const [name, setName] = useState(organization?.name ?? '');
  const may = useMay(ADMINS);
  const renaming = useChange(() => answerOf(control.PATCH('/v1/organizations/current', { body: { name } })), {
    reads: ME,
    told: 'Renamed.',
  });
  return (
    <Panel
      title="Name"
      description={`Id ${organization?.id ?? ''}, and ${organization?.slug ?? ''} in addresses of what is shared.`}
    >
      <Failure error={renaming.error} />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          renaming.mutate();
        }}
      >
        <Group align="flex-end">
          <TextInput
            label="Name of the organization"
            w="22rem"
            maw="100%"
            required
            disabled={!may}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" disabled={!may || name === organization?.name} loading={renaming.isPending}>
            Rename
          </Button>
        </Group>
      </form>
    </Panel>
  );
}
