import { Button, Group, SegmentedControl, Table, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { Failure } from '../parts/failure.js';
import { Instant } from '../parts/instant.js';
import { Panel } from '../parts/panel.js';
import { ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';

type Access = 'read' | 'write';

const grantsOf = (id: string) => ['grants', id] as const;

/** Which other organizations may use a database, with keys of their own. For owners and admins. */
export function Grants({ databaseId }: { readonly databaseId: string }) {
  const params = { path: { nameOrId: databaseId } };
  const reads = grantsOf(databaseId);
  const list = useQuery({
    queryKey: reads,
    queryFn: ({ signal }) => answerOf(control.GET('/v1/databases/{nameOrId}/grants', { signal, params })),
  });
  const removal = useChange(
    (organizationId: string) =>
      answerOf(
        control.DELETE('/v1/databases/{nameOrId}/grants/{organizationId}', {
          params: { path: { nameOrId: databaseId, organizationId } },
        }),
      ),
    { reads, told: 'The grant is gone.' },
  );
  return (
    <Panel
      title="Shared with"
      description="Other organizations, which use it with keys of their own. It is billed to you."
    >
      <Failure error={removal.error} />
      <ScreenState
        query={list}
        skeletonRows={1}
        isEmpty={({ grants }) => grants.length === 0}
        empty={<Text size="sm">Nobody.</Text>}
      >
        {({ grants }) => (
          <TableFrame label="Grants" minWidth={480} head={['Organization', 'May', 'Since', '']}>
            {grants.map(({ organizationId, access, createdAt }) => (
              <Table.Tr key={organizationId}>
                <Table.Td>{organizationId}</Table.Td>
                <Table.Td>{access}</Table.Td>
                <Table.Td>
                  <Instant at={createdAt} />
                </Table.Td>
                <Table.Td>
                  <Button
                    variant="subtle"
                    color="red"
                    size="compact-sm"
                    aria-label={`Take back the grant of ${organizationId}`}
                    onClick={() => removal.mutate(organizationId)}
                  >
                    Take back
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </TableFrame>
        )}
      </ScreenState>
      <NewGrant databaseId={databaseId} />
    </Panel>
  );
}

function NewGrant({ databaseId }: { readonly databaseId: string }) {
  const [organizationId, setOrganizationId] = useState('');
  const [access, setAccess] = useState<Access>('read');
  const grant = useChange(
    () =>
      answerOf(
        control.POST('/v1/databases/{nameOrId}/grants', {
          params: { path: { nameOrId: databaseId } },
          body: { organizationId: organizationId.trim(), access },
        }),
      ),
    { reads: grantsOf(databaseId), told: 'It is shared.', onDone: () => setOrganizationId('') },
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        grant.mutate();
      }}
    >
      <Failure error={grant.error} />
      <Group align="flex-end">
        <TextInput
          label="Id of the organization"
          description="It stands in the settings of the other one."
          required
          autoComplete="off"
          spellCheck={false}
          w="18rem"
          value={organizationId}
          onChange={(event) => setOrganizationId(event.currentTarget.value)}
        />
        <SegmentedControl
          aria-label="It may"
          data={['read', 'write']}
          value={access}
          onChange={(value) => setAccess(value as Access)}
        />
        <Button type="submit" variant="default" loading={grant.isPending}>
          Share
        </Button>
      </Group>
    </form>
  );
}
