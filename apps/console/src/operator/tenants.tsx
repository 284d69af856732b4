import { Anchor, Badge, Table } from '@mantine/core';
import { Link } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { Instant } from '../parts/instant.js';
import { Page } from '../parts/page.js';
import { PagedTable } from '../parts/paged-table.js';
import { Message } from '../parts/screen-state.js';
import { TypedFilter } from '../parts/typed-filter.js';
import { useUrlState } from '../state/url-state.js';

export const TENANTS = ['tenants'] as const;

/** Whose databases these are. */
export function Tenants() {
  const [search, setSearch] = useUrlState('search');
  const list = usePages([...TENANTS, { search }], (page, signal) =>
    answerOf(
      control.GET('/v1/admin/tenants', {
        signal,
        params: { query: { ...(search !== '' && { search }), ...page } },
      }),
    ),
  );
  return (
    <Page title="Tenants" description="Organizations and what is agreed with them.">
      <TypedFilter label="Part of a name or of a member’s address, or an id" value={search} onChange={setSearch} />
      <PagedTable
        query={list}
        itemsOf={({ tenants }) => tenants}
        empty={<Message icon="search" title="None matches" text="Search for something else." />}
        label="Tenants"
        head={['Name', 'Id', 'State', 'Since']}
      >
        {({ id, name, createdAt, suspension }) => (
          <Table.Tr key={id}>
            <Table.Td>
              <Anchor component={Link} to={`/operator/tenants/${id}`}>
                {name}
              </Anchor>
            </Table.Td>
            <Table.Td>{id}</Table.Td>
            <Table.Td>
              <Badge color={suspension ? 'red' : 'leaf'} variant="light">
                {suspension ? 'suspended' : 'active'}
              </Badge>
            </Table.Td>
            <Table.Td>
              <Instant at={createdAt} />
            </Table.Td>
          </Table.Tr>
        )}
      </PagedTable>
    </Page>
  );
}
