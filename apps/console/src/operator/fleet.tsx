import { Anchor, Badge, Table, Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { Link } from 'wouter';

import { answerOf, control, type Schemas } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { Figures } from '../parts/figures.js';
import { countOf, formatBytes, formatCount } from '../parts/format.js';
import { Instant } from '../parts/instant.js';
import { More } from '../parts/more.js';
import { Page } from '../parts/page.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { useUrlState } from '../state/url-state.js';
import { FindLease } from './find-lease.js';
import { hitShare } from './hit-share.js';

type Worker = Schemas['WorkerPage']['workers'][number];
type Load = Schemas['Worker']['load'];

type Summed = 'openDatabases' | 'waitingRequests' | 'workUnits' | 'processBytes' | 'takeovers' | 'coldStarts';

const REFRESH_MS = 5_000;
/** Asked for their load at the same time; each is a question to a worker. */
const MAX_ASKED = 50;
const NO_BREAK = { whiteSpace: 'nowrap' } as const;
const COLOURS: Readonly<Record<Worker['state'], string>> = {
  live: 'leaf',
  silent: 'red',
  sealed: 'yellow',
  clean: 'gray',
  unreadable: 'red',
};

/** Of workers that answer. */
const LOAD_COLUMNS: readonly { readonly name: string; readonly textOf: (load: NonNullable<Load>) => string }[] = [
  { name: 'Open', textOf: ({ openDatabases }) => formatCount(openDatabases) },
  { name: 'Log', textOf: ({ log }) => formatBytes(log.unflushedBytes) },
  { name: 'Waiting', textOf: ({ waitingRequests }) => formatCount(waitingRequests) },
  { name: 'Memory', textOf: ({ processBytes }) => formatBytes(processBytes) },
  { name: 'Cache hit', textOf: ({ cache }) => hitShare(cache.hits, cache.misses) },
  { name: 'Takeovers', textOf: ({ takeovers }) => formatCount(takeovers) },
  { name: 'Cold starts', textOf: ({ coldStarts }) => formatCount(coldStarts) },
];

/** The workers, what they hold, and how busy they are. */
export function Fleet() {
  const [shown] = useUrlState('shown');
  const list = usePages(
    ['workers'],
    (page, signal) => answerOf(control.GET('/v1/admin/workers', { signal, params: { query: page } })),
    { refetchInterval: REFRESH_MS },
  );
  return (
    <Page title="Fleet" description="Workers, their sessions and what they hold." actions={<FindLease />}>
      <ScreenState
        query={list}
        isEmpty={({ pages }) => pages[0]?.workers.length === 0}
        empty={<Message icon="fleet" title="No workers" text="None has ever had a session in this bucket." />}
      >
        {({ pages }) => {
          const workers = pages.flatMap((page) => page.workers);
          const present = shown === 'all' ? workers : workers.filter(({ state }) => state !== 'clean');
          return (
            <>
              <Workers workers={present} areMore={list.hasNextPage} />
              {(shown === 'all' || present.length < workers.length) && (
                <Anchor
                  component={Link}
                  to={shown === 'all' ? '/operator/fleet' : '/operator/fleet?shown=all'}
                  size="sm"
                >
                  {shown === 'all' ? 'Only those that matter' : `Show all ${formatCount(workers.length)} sessions`}
                </Anchor>
              )}
              <More query={list} />
            </>
          );
        }}
      </ScreenState>
    </Page>
  );
}

interface WorkersProps {
  readonly workers: readonly Worker[];
  /** Sessions that were not read yet: the oldest are in front. */
  readonly areMore: boolean;
}

function Workers({ workers, areMore }: WorkersProps) {
  const live = workers.filter(({ state }) => state === 'live');
  const asked = live.slice(0, MAX_ASKED);
  const loads = useQueries({
    queries: asked.map(({ session }) => ({
      queryKey: ['worker', session],
      refetchInterval: REFRESH_MS,
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        answerOf(control.GET('/v1/admin/workers/{session}', { signal, params: { path: { session } } })),
    })),
  });
  const loadOf = new Map(loads.flatMap(({ data }) => (data ? [[data.session, data.load] as const] : [])));
  const known = [...loadOf.values()].filter((load) => load !== null);
  // Nothing of none is not what those come to that have not answered.
  const isTold = known.length > 0 || live.length === 0;
  const missing = loads.some(({ isPending }) => isPending) ? '…' : '–';
  const sumOf = (member: Summed, format: (sum: number) => string) =>
    isTold ? format(known.reduce((total, load) => total + load[member], 0)) : missing;
  const cached = (member: 'hits' | 'misses') => known.reduce((total, { cache }) => total + cache[member], 0);
  return (
    <>
      <Figures
        figures={[
          {
            label: 'Live workers',
            value: formatCount(live.length),
            note: areMore
              ? 'of the sessions shown here: there are more'
              : isTold && live.length > known.length && `what follows is of ${formatCount(known.length)} of them`,
          },
          { label: 'Open databases', value: sumOf('openDatabases', formatCount) },
          { label: 'Requests that wait', value: sumOf('waitingRequests', formatCount) },
          { label: 'Work under way', value: sumOf('workUnits', (units) => countOf(units, 'unit')) },
          { label: 'Memory', value: sumOf('processBytes', formatBytes) },
          {
            label: 'Cache hit',
            value: hitShare(cached('hits'), cached('misses')),
            note: 'of blocks that reads wanted',
          },
          { label: 'Takeovers', value: sumOf('takeovers', formatCount), note: 'since these workers began' },
          { label: 'Cold starts', value: sumOf('coldStarts', formatCount), note: 'since these workers began' },
        ]}
      />
      <TableFrame
        label="Workers"
        minWidth={1_000}
        isStacked
        head={['Session', 'State', 'Where', ...LOAD_COLUMNS.map(({ name }) => name)]}
      >
        {workers.map((worker) => (
          <WorkerRow key={worker.session} worker={worker} load={loadOf.get(worker.session)} />
        ))}
      </TableFrame>
    </>
  );
}

function WorkerRow({ worker, load }: { readonly worker: Worker; readonly load: Load | undefined }) {
  const { session, state, host, pid, endpoint, renewedAt } = worker;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/operator/fleet/${session}`} ff="monospace" fz="xs">
          {session}
        </Anchor>
        <Text size="xs" c="dimmed">
          renewed <Instant at={renewedAt} />
        </Text>
      </Table.Td>
      <Table.Td data-name="State">
        <Badge color={COLOURS[state]} variant="light">
          {state}
        </Badge>
        {load?.draining && (
          <Badge color="yellow" variant="light" ml={4}>
            draining
          </Badge>
        )}
      </Table.Td>
      <Table.Td data-name="Where">
        {host ?? ''} {pid !== undefined && `(${pid})`}
        <Text size="xs" c="dimmed">
          {endpoint ?? ''}
        </Text>
      </Table.Td>
      {LOAD_COLUMNS.map(({ name, textOf }) => (
        <Table.Td key={name} data-name={name} style={NO_BREAK}>
          {load && textOf(load)}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
