import { Badge, Button, Code, Progress, Table, Text } from '@mantine/core';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { BUILDERS, useMay } from '../api/session.js';
import { formatCount } from '../parts/format.js';
import { Instant } from '../parts/instant.js';
import { Page } from '../parts/page.js';
import { PagedTable } from '../parts/paged-table.js';
import { Message } from '../parts/screen-state.js';
import { tellFailure } from '../parts/toasts.js';

type Operation = Schemas['Operation'];

const OPERATIONS = ['operations'] as const;
const REFRESH_MS = 2_000;
const COLOURS: Readonly<Record<Operation['state'], string>> = {
  pending: 'gray',
  running: 'blue',
  succeeded: 'leaf',
  failed: 'red',
  cancelled: 'yellow',
};

/** What takes longer than a request: how far it is, and the way to stop it. */
export function Operations() {
  const list = usePages(
    [...OPERATIONS],
    (page, signal) => answerOf(control.GET('/v1/operations', { signal, params: { query: page } })),
    { refetchInterval: REFRESH_MS },
  );
  return (
    <Page title="Operations" description="What takes longer than a moment, of the last 30 days.">
      <PagedTable
        query={list}
        itemsOf={({ operations }) => operations}
        empty={<Message icon="jobs" title="Nothing is under way" text="Deleting many databases at once shows here." />}
        label="Operations"
        minWidth={760}
        head={['What', 'State', 'Progress', 'Begun', 'Ended', '']}
      >
        {(operation) => <OperationRow key={operation.id} operation={operation} />}
      </PagedTable>
    </Page>
  );
}

function OperationRow({ operation }: { readonly operation: Operation }) {
  const { id, kind, request, state, cancelRequested, progress, errorCode, createdAt, endedAt } = operation;
  const may = useMay(BUILDERS);
  const cancel = useChange(() => answerOf(control.POST('/v1/operations/{id}/cancel', { params: { path: { id } } })), {
    reads: OPERATIONS,
    told: 'It stops before its next step.',
  });
  const isUnderWay = state === 'pending' || state === 'running';
  return (
    <Table.Tr>
      <Table.Td>
        {kind}
        <Text size="xs" c="dimmed" ff="monospace" maw="18rem" lineClamp={2}>
          {JSON.stringify(request)}
        </Text>
      </Table.Td>
      <Table.Td>
        <Badge color={COLOURS[state]} variant="light">
          {cancelRequested && isUnderWay ? 'stopping' : state}
        </Badge>
        {errorCode && <Code ml="xs">{errorCode}</Code>}
      </Table.Td>
      <Table.Td>
        <ProgressText {...progress} />
      </Table.Td>
      <Table.Td>
        <Instant at={createdAt} />
      </Table.Td>
      <Table.Td>
        <Instant at={endedAt} none="" />
      </Table.Td>
      <Table.Td>
        {isUnderWay && may && !cancelRequested && (
          <Button
            variant="outline"
            color="red"
            size="compact-sm"
            loading={cancel.isPending}
            onClick={() => cancel.mutate(undefined, { onError: tellFailure })}
          >
            Cancel
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function ProgressText({ total, done, skipped }: Operation['progress']) {
  const share = total === null || total === 0 ? undefined : (100 * (done + skipped)) / total;
  return (
    <>
      {formatCount(done)}
      {total !== null && ` of ${formatCount(total)}`}
      {skipped > 0 && `, ${formatCount(skipped)} skipped`}
      {share !== undefined && <Progress value={share} mt={4} aria-label="Progress" />}
    </>
  );
}
