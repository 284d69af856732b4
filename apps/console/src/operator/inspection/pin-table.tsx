import { Alert, Anchor, Badge, Table, Text } from '@mantine/core';
import { Link } from 'wouter';

import type { Schemas } from '../../api/control.js';
import { formatCount } from '../../parts/format.js';
import { Instant } from '../../parts/instant.js';
import { TableFrame } from '../../parts/table-frame.js';

interface PinTableProps {
  readonly databaseId: string;
  readonly pins: Schemas['Inspection']['pins'];
}

/** Who reads files of the database beside itself, so that they stay. */
export function PinTable({ databaseId, pins: { first, unreadable, hasMore } }: PinTableProps) {
  return (
    <>
      {unreadable > 0 && (
        <Alert color="red" title={`${formatCount(unreadable)} cannot be read`}>
          While there is one, no garbage of this database is collected.
        </Alert>
      )}
      {first.length === 0 ? (
        <Text size="sm" c="dimmed">
          None: nobody reads its files beside itself.
        </Text>
      ) : (
        <TableFrame label="Pins" minWidth={820} head={['Pin', 'For', 'Held by', 'Files', 'As of commit', 'Since']}>
          {first.map(({ id, purpose, holder, files, sequence, createdAt }) => (
            <Table.Tr key={id}>
              <Table.Td ff="monospace">{id}</Table.Td>
              <Table.Td>
                <Badge variant="light">{purpose}</Badge>
              </Table.Td>
              <Table.Td>
                {holder === databaseId ? (
                  'itself'
                ) : (
                  <Anchor component={Link} to={`/operator/databases/${holder}`} size="sm">
                    {holder}
                  </Anchor>
                )}
              </Table.Td>
              <Table.Td>{formatCount(files)}</Table.Td>
              <Table.Td>{formatCount(sequence)}</Table.Td>
              <Table.Td>
                <Instant at={createdAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </TableFrame>
      )}
      {hasMore && (
        <Text size="sm" c="dimmed">
          There are more: these are the oldest.
        </Text>
      )}
    </>
  );
}
