import { Anchor, Table, Text } from '@mantine/core';
import { Link } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { Instant } from '../parts/instant.js';
import { PagedTable } from '../parts/paged-table.js';
import { TypedFilter } from '../parts/typed-filter.js';
import { useUrlState } from '../state/url-state.js';

/** Read at a time: an operator knows the name, or looks at a few. */
const PAGE_SIZE = 20;

/** A tenant's databases by name, each with the way to what it is made of. */
export function TenantDatabases({ tenantId }: { readonly tenantId: string }) {
  const [search, setSearch] = useUrlState('database');
  const list = usePages(['tenant-databases', tenantId, { search }], (page, signal) =>
    answerOf(
      control.GET('/v1/admin/tenants/{id}/databases', {
        signal,
        params: {
          path: { id: tenantId },
          query: { limit: PAGE_SIZE, ...(search !== '' && { search }), ...page },
        },
      }),
    ),
  );
  return (
    <>
      <TypedFilter label="Beginning of a name" value={search} onChange={setSearch} />
      <PagedTable
        query={list}
        itemsOf={({ databases }) => databases}
        empty={<Text c="dimmed">{search === '' ? 'It has none.' : 'None begins so.'}</Text>}
        label="Databases"
        head={['Name', 'Id', 'Created']}
      >
        {({ id, name, createdAt }) => (
          <Table.Tr key={id}>
            <Table.Td>
              <Anchor component={Link} to={`/operator/databases/${id}`}>
                {name}
              </Anchor>
            </Table.Td>
            <Table.Td ff="monospace">{id}</Table.Td>
            <Table.Td>
              <Instant at={createdAt} />
            </Table.Td>
          </Table.Tr>
        )}
      </PagedTable>
    </>
  );
}
