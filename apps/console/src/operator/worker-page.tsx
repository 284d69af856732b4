import { Anchor, Badge, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'wouter';

import { answerOf, control, type Schemas } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { Failure } from '../parts/failure.js';
import { Figures } from '../parts/figures.js';
import { countOf, formatBytes, formatCount } from '../parts/format.js';
import { Instant } from '../parts/instant.js';
import { Page } from '../parts/page.js';
import { PagedTable } from '../parts/paged-table.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { hitShare } from './hit-share.js';

const REFRESH_MS = 5_000;
const WHY_NO_LOAD: Readonly<Record<string, string>> = {
  ended: 'The session has ended.',
  'no-answer': 'The worker does not answer.',
  'another-version': 'The worker is of another version than the control plane: upgrade what is older.',
  'not-configured': 'The control plane has no LEASEHOLD_OPERATOR_SECRET to ask it with.',
};

/** One session: how busy its worker is, and what it owns. */
export function WorkerPage() {
  const { session = '' } = useParams<{ session: string }>();
  const worker = useQuery({
    queryKey: ['worker', session],
    refetchInterval: REFRESH_MS,
    queryFn: ({ signal }) =>
      answerOf(control.GET('/v1/admin/workers/{session}', { signal, params: { path: { session } } })),
  });
  return (
    <Page
      title={session}
      description={
        <Anchor component={Link} to="/operator/fleet" size="sm">
          Fleet
        </Anchor>
      }
    >
      {worker.data && <Failure error={worker.error} />}
      <ScreenState query={worker}>
        {(found) => (
          <>
            <WorkerFigures worker={found} />
            {found.load && <Owned session={session} />}
          </>
        )}
      </ScreenState>
    </Page>
  );
}

function WorkerFigures({ worker }: { readonly worker: Schemas['Worker'] }) {
  const { state, renewedAt, load, loadMissing, ttlMs } = worker;
  const record = [
    { label: 'State', value: <Badge variant="light">{state}</Badge> },
    { label: 'Renewed', value: <Instant at={renewedAt} />, note: ttlMs && `ends ${ttlMs} ms after its last renewal` },
  ];
  if (load === null) {
    return (
      <>
        <Figures figures={record} />
        <Message icon="fleet" title="Its load is not known" text={WHY_NO_LOAD[loadMissing ?? ''] ?? ''} />
      </>
    );
  }
  return (
    <Figures
      figures={[
        ...record,
        { label: 'Open databases', value: formatCount(load.openDatabases), note: formatBytes(load.openDatabasesBytes) },
        {
          label: 'With commits not flushed',
          value: formatCount(load.dirtyDatabases),
          note: formatBytes(load.unflushedMemoryBytes),
        },
        {
          label: 'Log a recovery would read',
          value: formatBytes(load.log.unflushedBytes),
          note: `${countOf(load.log.looseSegments, 'segment')}, ${formatCount(load.log.rollups)} folded`,
        },
        { label: 'Next segment', value: formatCount(load.log.nextSegment) },
        { label: 'Requests that wait', value: formatCount(load.waitingRequests) },
        { label: 'Work under way', value: formatCount(load.workUnits) },
        { label: 'Memory', value: formatBytes(load.processBytes) },
        cacheFigure(load),
        {
          label: 'Claims',
          value: formatCount(load.claims),
          note: `${formatCount(load.takeovers)} of them takeovers`,
        },
        {
          label: 'Cold starts',
          value: formatCount(load.coldStarts),
          note: (
            <>
              since <Instant at={load.startedAt} />
            </>
          ),
        },
      ]}
    />
  );
}

function cacheFigure({ cache }: NonNullable<Schemas['Worker']['load']>) {
  const { hits, misses, diskHits, sizeBytes, limitBytes } = cache;
  const disk = diskHits === null ? '' : `; ${formatCount(diskHits)} from disk`;
  return {
    label: 'Cache hit',
    value: hitShare(hits, misses),
    note: `${formatBytes(sizeBytes)} of ${formatBytes(limitBytes)}; ${countOf(misses, 'block')} fetched${disk}`,
  };
}

function Owned({ session }: { readonly session: string }) {
  const list = usePages(['worker', session, 'databases'], (page, signal) =>
    answerOf(
      control.GET('/v1/admin/workers/{session}/databases', {
        signal,
        params: { path: { session }, query: page },
      }),
    ),
  );
  return (
    <PagedTable
      query={list}
      itemsOf={({ databases }) => databases}
      empty={<Message icon="database" title="It owns none" text="Databases come to it as they are used." />}
      label="Databases"
      minWidth={820}
      head={['Database', 'Tenant', 'Epoch', 'Owned since', 'Last used', 'Not flushed']}
    >
      {({ databaseId, name, organizationId, epoch, ownedSince, lastUsedAt, unflushedBytes }) => (
        <Table.Tr key={databaseId}>
          <Table.Td title={databaseId}>
            <Anchor component={Link} to={`/operator/databases/${databaseId}`} size="sm">
              {name ?? databaseId}
            </Anchor>
          </Table.Td>
          <Table.Td>
            {organizationId !== null && (
              <Anchor component={Link} to={`/operator/tenants/${organizationId}`} size="sm">
                {organizationId}
              </Anchor>
            )}
          </Table.Td>
          <Table.Td>{epoch}</Table.Td>
          <Table.Td>
            <Instant at={ownedSince} />
          </Table.Td>
          <Table.Td>
            <Instant at={lastUsedAt} />
          </Table.Td>
          <Table.Td>{formatBytes(unflushedBytes)}</Table.Td>
        </Table.Tr>
      )}
    </PagedTable>
  );
}
