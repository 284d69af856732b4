import { Anchor, Badge, Button, Group, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'wouter';

import { answerOf, control, type Schemas } from '../api/control.js';
import { nameOfMeter, textOfPrice, type Meter } from '../billing/line-text.js';
import { Facts } from '../parts/facts.js';
import { Instant } from '../parts/instant.js';
import { formatMoney } from '../parts/money.js';
import { Page } from '../parts/page.js';
import { Panel } from '../parts/panel.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { AddPlanVersion } from './add-plan-version.js';
import { LIMITS } from './limits.js';
import { PLANS, textOfLimit, usePlans } from './plan-keys.js';
import { PutPlan } from './put-plan.js';

type Version = Schemas['PlanVersion'];

const METERS = ['readUnits', 'writeUnits', 'storedByteMs', 'egressBytes'] as const satisfies readonly Meter[];

/** One plan: what it costs from when on. */
export function PlanPage() {
  const { id = '' } = useParams<{ id: string }>();
  const plans = usePlans();
  const plan = plans.data?.find((each) => each.id === id);
  const [changing, changeDialog] = useDisclosure(false);
  const [adding, addDialog] = useDisclosure(false);
  const versions = useQuery({
    queryKey: [...PLANS, id, 'versions'],
    queryFn: ({ signal }) =>
      answerOf(control.GET('/v1/admin/plans/{id}/versions', { signal, params: { path: { id } } })),
  });
  return (
    <Page
      title={plan?.name ?? 'Plan'}
      description={
        <Anchor component={Link} to="/operator/plans" size="sm">
          Plans
        </Anchor>
      }
      actions={
        plan && (
          <Group gap="xs">
            <Button variant="default" onClick={changeDialog.open}>
              Change limits
            </Button>
            <Button disabled={versions.data === undefined} onClick={addDialog.open}>
              New prices
            </Button>
          </Group>
        )
      }
    >
      <ScreenState
        query={versions}
        isEmpty={(found) => found.versions.length === 0}
        empty={<Message icon="bill" title="It costs nothing" text="A plan without prices is free." />}
      >
        {(found) => <Versions versions={found.versions} />}
      </ScreenState>
      {plan && (
        <>
          <Panel title="Limits" description="Where nothing else is agreed with a tenant.">
            <Facts label="Limits" facts={LIMITS.map(({ limit, label }) => [label, textOfLimit(plan, limit)])} />
          </Panel>
          <PutPlan opened={changing} plan={plan} onClose={changeDialog.close} />
          <AddPlanVersion opened={adding} planId={id} last={versions.data?.versions.at(-1)} onClose={addDialog.close} />
        </>
      )}
    </Page>
  );
}

function Versions({ versions }: { readonly versions: readonly Version[] }) {
  const now = Date.now();
  const held = versions.filter(({ effectiveFrom }) => Date.parse(effectiveFrom) <= now).at(-1);
  return (
    <TableFrame
      label="Prices"
      minWidth={900}
      head={['Version', 'From', 'Fee', 'Minimum', ...METERS.map((meter) => nameOfMeter(meter))]}
    >
      {[...versions].reverse().map((version) => (
        <Table.Tr key={version.version}>
          <Table.Td>
            {version.version}{' '}
            {version === held && (
              <Badge color="leaf" variant="light">
                now
              </Badge>
            )}
            {Date.parse(version.effectiveFrom) > now && (
              <Badge color="yellow" variant="light">
                to come
              </Badge>
            )}
          </Table.Td>
          <Table.Td>
            <Instant at={version.effectiveFrom} />
          </Table.Td>
          <Table.Td>{formatMoney(version.fee, version.currency)}</Table.Td>
          <Table.Td>{formatMoney(version.minimum, version.currency)}</Table.Td>
          {METERS.map((meter) => (
            <Table.Td key={meter}>
              <Text size="sm">{textOfPrice(meter, version.prices[meter], version.currency)}</Text>
            </Table.Td>
          ))}
        </Table.Tr>
      ))}
    </TableFrame>
  );
}
