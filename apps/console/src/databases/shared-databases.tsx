import { Badge, Code, Table, Text } from '@mantine/core';

import { answerOf, control } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { Instant } from '../parts/instant.js';
import { PagedTable } from '../parts/paged-table.js';
import { Message } from '../parts/screen-state.js';

/** Databases that other organizations have granted. */
export function SharedDatabases() {
  const list = usePages(['shared-databases'], (page, signal) =>
    answerOf(control.GET('/v1/shared-databases', { signal, params: { query: page } })),
  );
  return (
    <PagedTable
      query={list}
      itemsOf={({ databases }) => databases}
      empty={
        <Message
          icon="database"
          title="Nothing is shared with you"
          text="Databases of other organizations that your keys may use show here."
        />
      }
      label="Shared databases"
      head={['Name', 'Your keys may', 'Since']}
      below={
        <Text size="sm" c="dimmed">
          They are addressed by these names, and billed to those who own them.
        </Text>
      }
    >
      {({ name, access, createdAt }) => (
        <Table.Tr key={name}>
          <Table.Td>
            <Code>{name}</Code>
          </Table.Td>
          <Table.Td>
            <Badge variant="light">{access}</Badge>
          </Table.Td>
          <Table.Td>
            <Instant at={createdAt} />
          </Table.Td>
        </Table.Tr>
      )}
    </PagedTable>
  );
}
