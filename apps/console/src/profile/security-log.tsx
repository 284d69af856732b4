import { Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { answerOf, control } from '../api/control.js';
import { Instant } from '../parts/instant.js';
import { Panel } from '../parts/panel.js';
import { ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';

const MEANINGS = { 'password-refused': 'wrong password', 'code-refused': 'wrong second factor' } as const;

/** Who tried to log in as oneself, and could not. */
export function SecurityLog() {
  const log = useQuery({
    queryKey: ['security-log'],
    queryFn: ({ signal }) => answerOf(control.GET('/v1/security-log', { signal })),
  });
  return (
    <Panel title="Refused attempts" description="To log in as you.">
      <ScreenState
        query={log}
        skeletonRows={2}
        isEmpty={({ events }) => events.length === 0}
        empty={<Text size="sm">Nobody has tried.</Text>}
      >
        {({ events }) => (
          <TableFrame label="Refused attempts" head={['What', 'From', 'Attempts', 'First', 'Last']}>
            {events.map(({ kind, address, agent, attempts, firstAt, lastAt }, at) => (
              <Table.Tr key={at}>
                <Table.Td>{MEANINGS[kind]}</Table.Td>
                <Table.Td>
                  {address ?? ''}
                  <Text size="xs" c="dimmed" maw="20rem" lineClamp={1}>
                    {agent ?? ''}
                  </Text>
                </Table.Td>
                <Table.Td>{attempts}</Table.Td>
                <Table.Td>
                  <Instant at={firstAt} />
                </Table.Td>
                <Table.Td>
                  <Instant at={lastAt} />
                </Table.Td>
              </Table.Tr>
            ))}
          </TableFrame>
        )}
      </ScreenState>
    </Panel>
  );
}
