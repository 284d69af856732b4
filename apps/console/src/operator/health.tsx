import { Badge, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { answerOf, control, type Schemas } from '../api/control.js';
import { Failure } from '../parts/failure.js';
import { Figures } from '../parts/figures.js';
import { formatCount } from '../parts/format.js';
import { Instant } from '../parts/instant.js';
import { Page } from '../parts/page.js';
import { ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';

type Health = Schemas['Health'];
type Part = Health['parts'][number];

const REFRESH_MS = 10_000;
const STATES: Readonly<Record<Part['state'], { readonly text: string; readonly colour: string }>> = {
  ok: { text: 'ok', colour: 'leaf' },
  'not-ready': { text: 'not ready', colour: 'yellow' },
  'no-answer': { text: 'no answer', colour: 'red' },
  late: { text: 'late', colour: 'red' },
  'not-configured': { text: 'not configured', colour: 'gray' },
};

/** How the parts of the installation are. */
export function Health() {
  const health = useQuery({
    queryKey: ['health'],
    refetchInterval: REFRESH_MS,
    queryFn: ({ signal }) => answerOf(control.GET('/v1/admin/health', { signal })),
  });
  return (
    <Page title="Health" description="Each part, as it answers a small question.">
      {/* What is told is of before then. */}
      {health.data && <Failure error={health.error} />}
      <ScreenState query={health}>{(found) => <Parts health={found} />}</ScreenState>
    </Page>
  );
}

function Parts({ health: { at, parts } }: { readonly health: Health }) {
  const known = parts.filter(({ state }) => state !== 'not-configured');
  const wrong = known.filter(({ state }) => state !== 'ok');
  const sorted = [...parts].sort((a, b) => rankOf(a) - rankOf(b));
  return (
    <>
      <Figures
        figures={[
          {
            label: 'Parts that are well',
            value: `${formatCount(known.length - wrong.length)} of ${formatCount(known.length)}`,
          },
          { label: 'Looked at', value: <Instant at={at} /> },
        ]}
      />
      <TableFrame label="Parts" minWidth={760} head={['Part', 'State', 'Since', 'Answered in', 'More']}>
        {sorted.map((part) => (
          <PartRow key={`${part.kind} ${part.name}`} part={part} />
        ))}
      </TableFrame>
    </>
  );
}

function PartRow({ part: { kind, name, state, since, latencyMs, detail } }: { readonly part: Part }) {
  const { text, colour } = STATES[state];
  return (
    <Table.Tr>
      <Table.Td>
        {kind}
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {name}
        </Text>
      </Table.Td>
      <Table.Td>
        <Badge color={colour} variant="light">
          {text}
        </Badge>
      </Table.Td>
      <Table.Td>
        <Instant at={since} />
      </Table.Td>
      <Table.Td>{latencyMs === null ? '' : `${formatCount(latencyMs)} ms`}</Table.Td>
      <Table.Td>{detail ?? ''}</Table.Td>
    </Table.Tr>
  );
}

/** What is wrong stands in front. */
function rankOf({ state }: Part): number {
  return { 'no-answer': 0, late: 1, 'not-ready': 2, 'not-configured': 3, ok: 4 }[state];
}
