import { Anchor, Badge, Button, Code, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { Failure } from '../parts/failure.js';
import { formatCount } from '../parts/format.js';
import { Instant } from '../parts/instant.js';
import { More } from '../parts/more.js';
import { Page } from '../parts/page.js';
import { Panel } from '../parts/panel.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { tellFailure } from '../parts/toasts.js';
import { useUrlState } from '../state/url-state.js';
import { JOBS } from './job-keys.js';
import { RunningJobs } from './running-jobs.js';

const REFRESH_MS = 5_000;

/** The queues of background work, and what failed in them. */
export function Jobs() {
  const [kind, setKind] = useUrlState('kind');
  const counts = useQuery({
    queryKey: [...JOBS, 'counts'],
    refetchInterval: REFRESH_MS,
    queryFn: ({ signal }) => answerOf(control.GET('/v1/admin/jobs', { signal })),
  });
  return (
    <Page title="Jobs" description="Background work: what waits, runs and has failed.">
      {counts.data && <Failure error={counts.error} />}
      <ScreenState query={counts}>
        {({ jobs }) => (
          <TableFrame label="Queues" head={['Kind', 'Waiting', 'Running', 'For later', 'Failed']}>
            {jobs.map((job) => (
              <Table.Tr key={job.kind}>
                <Table.Td>{job.kind}</Table.Td>
                <Table.Td>{formatCount(job.waiting)}</Table.Td>
                <Table.Td>{formatCount(job.active)}</Table.Td>
                <Table.Td>{formatCount(job.delayed)}</Table.Td>
                <Table.Td>
                  {job.failed === 0 ? (
                    '0'
                  ) : (
                    <Anchor component="button" type="button" size="sm" onClick={() => setKind(job.kind)}>
                      <Badge color="red" variant="light">
                        {formatCount(job.failed)}
                      </Badge>
                    </Anchor>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </TableFrame>
        )}
      </ScreenState>
      {kind !== '' && <FailedJobs kind={kind} />}
      <RunningJobs />
    </Page>
  );
}

function FailedJobs({ kind }: { readonly kind: string }) {
  const list = usePages([...JOBS, 'failed', kind], (page, signal) =>
    answerOf(
      control.GET('/v1/admin/jobs/{kind}/failed', {
        signal,
        params: { path: { kind }, query: page },
      }),
    ),
  );
  const retry = useChange(
    (id: string) =>
      answerOf(control.POST('/v1/admin/jobs/{kind}/failed/{id}/retry', { params: { path: { kind, id } } })),
    { reads: JOBS, told: 'It runs again.' },
  );
  return (
    <Panel title={`Failed: ${kind}`}>
      <ScreenState
        query={list}
        isEmpty={({ pages }) => pages[0]?.jobs.length === 0}
        empty={<Message icon="check" title="None has failed" text="Those that failed are kept for seven days." />}
      >
        {({ pages }) => (
          <>
            <TableFrame label="Failed jobs" minWidth={760} head={['Reason', 'What', 'Attempts', 'When', '']}>
              {pages
                .flatMap(({ jobs }) => jobs)
                .map(({ id, reason, payload, attempts, failedAt }) => (
                  <Table.Tr key={id}>
                    <Table.Td>{reason}</Table.Td>
                    <Table.Td>
                      <Code>{JSON.stringify(payload)}</Code>
                      <Text size="xs" c="dimmed">
                        {id}
                      </Text>
                    </Table.Td>
                    <Table.Td>{attempts}</Table.Td>
                    <Table.Td>
                      <Instant at={failedAt} />
                    </Table.Td>
                    <Table.Td>
                      <Button
                        size="compact-sm"
                        variant="light"
                        aria-label={`Try again: ${id}`}
                        onClick={() => retry.mutate(id, { onError: tellFailure })}
                      >
                        Try again
                      </Button>
                    </Table.Td>
                  </Table.Tr>
                ))}
            </TableFrame>
            <More query={list} />
          </>
        )}
      </ScreenState>
    </Panel>
  );
}
