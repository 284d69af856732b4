import { Anchor, Badge, Button, Code, Progress, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { ConfirmDialog } from '../parts/confirm-dialog.js';
import { Failure } from '../parts/failure.js';
import { formatBytes } from '../parts/format.js';
import { Instant } from '../parts/instant.js';
import { Panel } from '../parts/panel.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { JOBS } from './job-keys.js';
import { percentOf, restWords } from './job-progress.js';

type RunningJob = Schemas['RunningJobList']['jobs'][number];

const REFRESH_MS = 2_000;
const COLOURS: Readonly<Record<RunningJob['state'], string>> = {
  running: 'blue',
  cancelling: 'yellow',
  committing: 'leaf',
  lost: 'red',
};

/** What compactors have in hand, how far it is, and the way to stop a compaction. */
export function RunningJobs() {
  const [chosen, setChosen] = useState<RunningJob>();
  const running = useQuery({
    queryKey: [...JOBS, 'running'],
    refetchInterval: REFRESH_MS,
    queryFn: ({ signal }) => answerOf(control.GET('/v1/admin/jobs/running', { signal })),
  });
  return (
    <Panel title="Running now">
      {running.data && <Failure error={running.error} />}
      <ScreenState
        query={running}
        skeletonRows={2}
        isEmpty={({ jobs }) => jobs.length === 0}
        empty={<Message icon="check" title="Nothing is under way" text="Most jobs take less than a second." />}
      >
        {({ jobs }) => (
          <TableFrame
            label="Running jobs"
            minWidth={860}
            head={['Kind', 'What', 'Progress', 'Since', 'Left', 'State', '']}
          >
            {jobs.map((job) => (
              <Row key={`${job.kind} ${job.id}`} job={job} onCancel={() => setChosen(job)} />
            ))}
          </TableFrame>
        )}
      </ScreenState>
      <CancelDialog job={chosen} onClose={() => setChosen(undefined)} />
    </Panel>
  );
}

function Row({ job, onCancel }: { readonly job: RunningJob; readonly onCancel: () => void }) {
  const { kind, progress, startedAt, toldAt, restMs, state, cancellable } = job;
  return (
    <Table.Tr>
      <Table.Td>{kind}</Table.Td>
      <Table.Td>
        <About job={job} />
      </Table.Td>
      <Table.Td miw={180}>
        {progress && (
          <>
            {formatBytes(progress.bytes)} of {formatBytes(progress.ofBytes)}
            <Progress value={percentOf(progress)} mt={4} aria-label={`Progress of ${nameOf(job)}`} />
          </>
        )}
      </Table.Td>
      <Table.Td>
        <Instant at={startedAt} />
      </Table.Td>
      <Table.Td>{restWords(restMs)}</Table.Td>
      <Table.Td>
        <Badge color={COLOURS[state]} variant="light">
          {state}
        </Badge>
        {state === 'lost' && (
          <Text size="xs" c="dimmed">
            last heard of <Instant at={toldAt} />
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        {cancellable && (
          <Button
            variant="outline"
            color="red"
            size="compact-sm"
            aria-label={`Cancel the compaction of ${nameOf(job)}`}
            onClick={onCancel}
          >
            Cancel
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

/** The database and its tenant, or what else the job is told. */
function About({ job: { databaseId, name, organizationId, payload } }: { readonly job: RunningJob }) {
  if (databaseId === null) {
    const told = JSON.stringify(payload);
    return told === '{}' ? null : <Code>{told}</Code>;
  }
  return (
    <>
      <Anchor component={Link} to={`/operator/databases/${databaseId}`} size="sm" title={databaseId}>
        {name ?? databaseId}
      </Anchor>
      {organizationId !== null && (
        <Text size="xs">
          <Anchor component={Link} to={`/operator/tenants/${organizationId}`} size="xs">
            {organizationId}
          </Anchor>
        </Text>
      )}
    </>
  );
}

interface CancelDialogProps {
  readonly job: RunningJob | undefined;
  readonly onClose: () => void;
}

function CancelDialog({ job, onClose }: CancelDialogProps) {
  const cancel = useChange(
    ({ kind, id }: RunningJob) =>
      answerOf(control.POST('/v1/admin/jobs/{kind}/running/{id}/cancel', { params: { path: { kind, id } } })),
    { reads: JOBS, told: 'It ends within some seconds, and comes again in a minute.', onDone: onClose },
  );
  const close = () => {
    cancel.reset();
    onClose();
  };
  return (
    <ConfirmDialog
      opened={job !== undefined}
      title="Cancel this compaction?"
      action="Cancel compaction"
      dismissal="Let it run"
      isBusy={cancel.isPending}
      error={cancel.error}
      onConfirm={() => job && cancel.mutate(job)}
      onClose={close}
    >
      What it has read of {job && nameOf(job)} is read again: it starts over in a minute. Nothing of the database
      changes. Writes to it are slowed when too many files wait to be merged.
    </ConfirmDialog>
  );
}

function nameOf({ name, databaseId, kind }: RunningJob): string {
  return name ?? databaseId ?? kind;
}
