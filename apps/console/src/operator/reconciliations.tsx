import { Badge, Table } from '@mantine/core';

import { answerOf, control } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { formatCount } from '../parts/format.js';
import { Instant } from '../parts/instant.js';
import { Page } from '../parts/page.js';
import { PagedTable } from '../parts/paged-table.js';
import { Message } from '../parts/screen-state.js';

/** Whether the hours of usage are what the records in the bucket say. */
export function Reconciliations() {
  const list = usePages(['reconciliations'], (page, signal) =>
    answerOf(
      control.GET('/v1/admin/reconciliations', {
        signal,
        params: { query: page },
      }),
    ),
  );
  return (
    <Page title="Reconciliation" description="Once a day the last hours are counted again, from the records alone.">
      <PagedTable
        query={list}
        itemsOf={({ reconciliations }) => reconciliations}
        empty={<Message icon="check" title="None yet" text="The first one is made within a day." />}
        label="Reconciliations"
        minWidth={860}
        head={['Begun', 'From', 'To', 'Records', 'Missing', 'Damaged', 'Databases', 'Differences']}
      >
        {(found) => (
          <Table.Tr key={found.id}>
            <Table.Td>
              <Instant at={found.begunAt} />
            </Table.Td>
            <Table.Td>
              <Instant at={found.from} />
            </Table.Td>
            <Table.Td>
              <Instant at={found.to} />
            </Table.Td>
            <Table.Td>{formatCount(found.records)}</Table.Td>
            <Table.Td>{formatCount(found.missing)}</Table.Td>
            <Table.Td>{formatCount(found.damaged)}</Table.Td>
            <Table.Td>{formatCount(found.databases)}</Table.Td>
            <Table.Td>
              <Badge color={found.differences === 0 ? 'leaf' : 'red'} variant="light">
                {formatCount(found.differences)}
              </Badge>
            </Table.Td>
          </Table.Tr>
        )}
      </PagedTable>
    </Page>
  );
}
