import { Alert, Anchor, Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'wouter';

import { answerOf, control, type Schemas } from '../../api/control.js';
import { Facts } from '../../parts/facts.js';
import { formatBytes, formatCount } from '../../parts/format.js';
import { Icon } from '../../parts/icon.js';
import { Instant } from '../../parts/instant.js';
import { Page } from '../../parts/page.js';
import { Panel } from '../../parts/panel.js';
import { ScreenState } from '../../parts/screen-state.js';
import { FileTables } from './file-table.js';
import { InspectionFigures } from './inspection-figures.js';
import { LevelPicture } from './level-picture.js';
import { PinTable } from './pin-table.js';

/** What one database is made of, for operators: read anew when one asks, as each look is some requests to the bucket. */
export function InspectorPage() {
  const { id = '' } = useParams<{ id: string }>();
  const inspection = useQuery({
    queryKey: ['inspection', id],
    queryFn: ({ signal }) =>
      answerOf(control.GET('/v1/admin/databases/{id}/inspection', { signal, params: { path: { id } } })),
  });
  return (
    <Page
      title={inspection.data?.head.name ?? 'Database'}
      description={
        <Text span inherit ff="monospace" size="sm">
          {id}
        </Text>
      }
      actions={
        <Button
          variant="default"
          leftSection={<Icon name="refresh" />}
          loading={inspection.isFetching}
          onClick={() => void inspection.refetch()}
        >
          Look again
        </Button>
      }
    >
      <ScreenState query={inspection} skeletonRows={10}>
        {(found) => <Inspected inspection={found} />}
      </ScreenState>
    </Page>
  );
}

function Inspected({ inspection }: { readonly inspection: Schemas['Inspection'] }) {
  const { databaseId, head, levels, pins, inspectedAt } = inspection;
  return (
    <>
      {head.quarantined && (
        <Alert color="red" title="Quarantined">
          Its bytes are not what was written: requests are refused until somebody has looked.
        </Alert>
      )}
      {head.deletedAt !== null && (
        <Alert color="yellow" title="Deleted">
          Since <Instant at={head.deletedAt} />
        </Alert>
      )}
      <InspectionFigures inspection={inspection} />
      <Panel title="Levels" description="Where its bytes lie, the newest first.">
        <LevelPicture inspection={inspection} />
        <FileTables levels={levels} />
      </Panel>
      <Panel title="Pins" description="Who reads files of it, so that they are kept.">
        <PinTable databaseId={databaseId} pins={pins} />
      </Panel>
      <Panel title="Head">
        <HeadTable inspection={inspection} />
      </Panel>
      <Group>
        <Text size="xs" c="dimmed">
          As of <Instant at={inspectedAt} />. Keys and values are not shown to operators.
        </Text>
      </Group>
    </>
  );
}

function HeadTable({ inspection }: { readonly inspection: Schemas['Inspection'] }) {
  const { head, organizationId, held } = inspection;
  const { inline, parent } = head;
  const rows = [
    ['Tenant', <TenantLink key="tenant" id={organizationId ?? head.tenantId} isKnown={organizationId !== null} />],
    [
      'Branched from',
      parent === null ? (
        'nothing'
      ) : (
        <>
          <Anchor component={Link} to={`/operator/databases/${parent.databaseId}`} size="sm">
            {parent.databaseId}
          </Anchor>{' '}
          at commit {formatCount(parent.sequence)}
        </>
      ),
    ],
    [
      'In the head itself',
      `${formatCount(inline.entries)} entries, ${formatBytes(inline.sizeBytes)}; all of the commits from ${formatCount(inline.fromSequence)} on`,
    ],
    ['Range deletes', formatCount(head.rangeDeletes)],
    ['Idempotency records', formatCount(head.idempotencyRecords)],
    ['Limit of live data', formatBytes(head.maxBytes)],
    ['Garbage collected up to', head.gcFloor ?? 'never yet'],
    ['Last used', <Instant key="used" at={held?.lastUsedAt} none="not known" />],
  ] as const;
  return <Facts label="Head" facts={rows} />;
}

function TenantLink({ id, isKnown }: { readonly id: string; readonly isKnown: boolean }) {
  if (!isKnown) return id;
  return (
    <Anchor component={Link} to={`/operator/tenants/${id}`} size="sm">
      {id}
    </Anchor>
  );
}
