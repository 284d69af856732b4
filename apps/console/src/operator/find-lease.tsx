import { Anchor, Button, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { Link } from 'wouter';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { Dialog } from '../parts/dialog.js';
import { Facts } from '../parts/facts.js';
import { Form } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { Instant } from '../parts/instant.js';

/** Who owns a database, since when. */
export function FindLease() {
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Button variant="default" leftSection={<Icon name="search" />} onClick={dialog.open}>
        Who owns a database
      </Button>
      <Dialog opened={opened} title="Who owns a database" onClose={dialog.close}>
        <Search />
      </Dialog>
    </>
  );
}

function Search() {
  const [id, setId] = useState('');
  const search = useChange(() =>
    answerOf(control.GET('/v1/admin/databases/{id}/lease', { params: { path: { id: id.trim() } } })),
  );
  return (
    <Stack>
      <Form action="Look" change={search} isWide onGiven={() => search.mutate()}>
        <TextInput
          label="Id of the database"
          required
          data-autofocus
          autoComplete="off"
          spellCheck={false}
          value={id}
          onChange={(event) => setId(event.currentTarget.value)}
        />
      </Form>
      {search.data && (
        <>
          <Lease lease={search.data} />
          <Anchor component={Link} to={`/operator/databases/${search.data.databaseId}`} size="sm">
            What it is made of
          </Anchor>
        </>
      )}
    </Stack>
  );
}

function Lease({ lease }: { readonly lease: Schemas['Lease'] }) {
  const { name, organizationId, owner, epoch, ownedSince, quarantined, deleted } = lease;
  const rows = [
    ['Name', name ?? 'not known'],
    ['Tenant', organizationId ?? 'not known'],
    ['Owner', owner === null ? 'nobody' : `${owner.session} (${owner.state})`],
    ['Where', owner?.endpoint ?? ''],
    ['Epoch', String(epoch)],
    ['Since', <Instant key="since" at={ownedSince} none="not known" />],
    ['Quarantined', quarantined ? 'yes' : 'no'],
    ['Deleted', deleted ? 'yes' : 'no'],
  ] as const;
  return <Facts label="Lease" facts={rows} />;
}
