import { Anchor, Badge, Group, Text } from '@mantine/core';
import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import { useCallback } from 'react';
import { Link } from 'wouter';

import { formatCount } from '../parts/format.js';
import { Instant } from '../parts/instant.js';
import { VirtualRows } from '../parts/virtual-rows.js';
import type { Database } from './database-list.js';
import { DatabaseActions } from './database-actions.js';

interface DatabaseRowsProps {
  readonly databases: readonly Database[];
  readonly list: Pick<UseInfiniteQueryResult, 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'>;
}

const COLUMNS = 'minmax(10rem, 2fr) minmax(8rem, 2fr) 12rem 6rem';
/** Before the last row is reached. */
const READ_AHEAD_ROWS = 50;

export function DatabaseRows({ databases, list }: DatabaseRowsProps) {
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const count = databases.length;
  const readOn = useCallback(
    (_first: number, last: number) => {
      if (last >= count - READ_AHEAD_ROWS && hasNextPage && !isFetchingNextPage) void fetchNextPage();
    },
    [count, hasNextPage, isFetchingNextPage, fetchNextPage],
  );
  const areDeleted = databases[0]?.deletedAt !== null;
  return (
    <>
      <VirtualRows
        label="Databases"
        head={['Name', 'Labels', areDeleted ? 'Gone for good' : 'Created', '']}
        columns={COLUMNS}
        count={count}
        onRange={readOn}
        renderRow={(index) => cellsOf(databases[index])}
      />
      <Text size="sm" c="dimmed" aria-live="polite">
        {formatCount(count)} shown{hasNextPage ? ', more as you scroll' : ''}
      </Text>
    </>
  );
}

function cellsOf(database: Database | undefined) {
  if (database === undefined) return [];
  const { id, name, labels, createdAt, deletedAt, purgeAt } = database;
  return [
    deletedAt === null ? (
      <Anchor key="name" inherit component={Link} to={`/databases/${name}`} title={name}>
        {name}
      </Anchor>
    ) : (
      <Text key="name" span inherit title={name}>
        {name}
      </Text>
    ),
    <Group key="labels" gap={4} wrap="nowrap">
      {Object.entries(labels).map(([key, value]) => (
        <Badge key={key} variant="light" color="gray" title={`${key}:${value}`}>
          {key}:{value}
        </Badge>
      ))}
    </Group>,
    <Instant key="at" at={deletedAt === null ? createdAt : purgeAt} />,
    <DatabaseActions key={id} database={database} />,
  ];
}
