import type { Database as Data } from '@leasehold/client';
import { Anchor, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import type { Database } from '../databases/database-list.js';
import { Figures } from '../parts/figures.js';
import { formatBytes, formatCount } from '../parts/format.js';
import { Instant } from '../parts/instant.js';
import { ScreenState } from '../parts/screen-state.js';

interface DatabaseOverviewProps {
  readonly database: Database;
  readonly data: Data;
}

const REFRESH_MS = 5_000;

/** How large a database is, and who holds it now. Asking is free. */
export function DatabaseOverview({ database, data }: DatabaseOverviewProps) {
  const stats = useQuery({
    queryKey: ['stats', database.id],
    refetchInterval: REFRESH_MS,
    queryFn: ({ signal }) => data.stats({ signal }),
  });
  return (
    <ScreenState query={stats} skeletonRows={3}>
      {(found) => (
        <Stack>
          <Figures
            figures={[
              { label: 'Keys', value: formatCount(found.keys), note: 'as of the last flush' },
              { label: 'Size', value: formatBytes(found.sizeBytes), note: 'as of the last flush' },
              { label: 'History', value: formatBytes(found.historyBytes), note: 'kept to look into the past' },
              { label: 'Not flushed yet', value: formatBytes(found.unflushedBytes), note: 'durable in the log' },
              { label: 'In cache', value: formatBytes(found.cacheBytes) },
              {
                label: 'Worker',
                value: found.session === null ? 'none' : 'open',
                note: found.session ?? 'idle: costs nothing',
              },
              { label: 'Epoch', value: formatCount(found.epoch), note: found.version ?? 'never written to' },
              { label: 'Created', value: <Instant at={database.createdAt} /> },
            ]}
          />
          <Anchor component={Link} to={`/usage?database=${database.name}&step=hour`}>
            What it used
          </Anchor>
        </Stack>
      )}
    </ScreenState>
  );
}
