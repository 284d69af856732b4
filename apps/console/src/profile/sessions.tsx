import { Badge, Button, Group, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { Failure } from '../parts/failure.js';
import { Instant } from '../parts/instant.js';
import { Panel } from '../parts/panel.js';
import { ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';

export const SESSIONS = ['sessions'] as const;

/** Where one is logged in. */
export function Sessions() {
  const list = useQuery({
    queryKey: SESSIONS,
    queryFn: ({ signal }) => answerOf(control.GET('/v1/sessions', { signal })),
  });
  const end = useChange((id: string) => answerOf(control.DELETE('/v1/sessions/{id}', { params: { path: { id } } })), {
    reads: SESSIONS,
    told: 'The session has ended.',
  });
  const endOthers = useChange(() => answerOf(control.DELETE('/v1/sessions')), {
    reads: SESSIONS,
    told: 'All others have ended.',
  });
  return (
    <Panel
      title="Sessions"
      description="Where you are logged in."
      actions={
        <Button variant="default" size="compact-md" onClick={() => endOthers.mutate()} loading={endOthers.isPending}>
          End all others
        </Button>
      }
    >
      <Failure error={end.error ?? endOthers.error} />
      <ScreenState query={list} skeletonRows={3}>
        {({ sessions }) => (
          <TableFrame label="Sessions" head={['Program', 'Address', 'Last seen', 'Since', '']}>
            {sessions.map(({ id, agent, address, lastSeenAt, createdAt, current }) => (
              <Table.Tr key={id}>
                <Table.Td>
                  <Group gap="xs" wrap="nowrap">
                    <Text inherit maw="22rem" lineClamp={2} title={agent ?? undefined}>
                      {agent ?? 'not known'}
                    </Text>
                    {current && (
                      <Badge variant="light" miw="fit-content">
                        this one
                      </Badge>
                    )}
                  </Group>
                </Table.Td>
                <Table.Td>{address ?? ''}</Table.Td>
                <Table.Td>
                  <Instant at={lastSeenAt} />
                </Table.Td>
                <Table.Td>
                  <Instant at={createdAt} />
                </Table.Td>
                <Table.Td>
                  {!current && (
                    <Button variant="subtle" color="red" size="compact-sm" onClick={() => end.mutate(id)}>
                      End
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </TableFrame>
        )}
      </ScreenState>
    </Panel>
  );
}
