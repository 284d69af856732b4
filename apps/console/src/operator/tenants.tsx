import { Anchor, Badge, Table, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { Link } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { Icon } from '../parts/icon.js';
import { Instant } from '../parts/instant.js';
import { More } from '../parts/more.js';
import { Page } from '../parts/page.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { useUrlState } from '../state/url-state.js';

export const TENANTS = ['tenants'] as const;

const TYPING_MS = 300;

/** Whose databases these are. */
export function Tenants() {
  const [search, setSearch] = useUrlState('search');
  const [typed, setTyped] = useState(search);
  const change = useDebouncedCallback(setSearch, TYPING_MS);
  const list = usePages([...TENANTS, { search }], (cursor, signal) =>
    answerOf(
      control.GET('/v1/admin/tenants', {
        signal,
        params: { query: { ...(search !== '' && { search }), ...(cursor !== undefined && { cursor }) } },
      }),
    ),
  );
  return (
    <Page title="Tenants" description="Organizations and what is agreed with them.">
      <TextInput
        label="Part of a name or of a member’s address, or an id"
        maw="26rem"
        leftSection={<Icon name="search" size={16} />}
        value={typed}
        onChange={({ currentTarget: { value } }) => {
          setTyped(value);
          change(value.trim());
        }}
      />
      <ScreenState
        query={list}
        isEmpty={({ pages }) => pages.every(({ tenants }) => tenants.length === 0)}
        empty={<Message icon="search" title="None matches" text="Search for something else." />}
      >
        {({ pages }) => (
          <>
            <TableFrame label="Tenants" head={['Name', 'Id', 'State', 'Since']}>
              {pages
                .flatMap(({ tenants }) => tenants)
                .map(({ id, name, createdAt, suspension }) => (
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
                ))}
            </TableFrame>
            <More query={list} />
          </>
        )}
      </ScreenState>
    </Page>
  );
}
