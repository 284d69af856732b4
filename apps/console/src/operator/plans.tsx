import { Anchor, Button, Table } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link } from 'wouter';

import { Icon } from '../parts/icon.js';
import { Page } from '../parts/page.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import type { Limit } from './limits.js';
import { PutPlan } from './put-plan.js';
import { textOfLimit, usePlans, type Plan } from './plan-keys.js';

/** The others are on the page of the plan. */
const SHOWN = [
  { limit: 'databases', label: 'Databases' },
  { limit: 'storageBytes', label: 'Storage' },
  { limit: 'requestsPerSecond', label: 'Requests per second' },
  { limit: 'bytesPerSecond', label: 'Bytes per second' },
] as const satisfies readonly { readonly limit: Limit; readonly label: string }[];

/** What tenants can have, and what it costs. */
export function Plans() {
  const plans = usePlans();
  const [making, dialog] = useDisclosure(false);
  return (
    <Page
      title="Plans"
      description="What tenants may use, and what they pay."
      actions={
        <Button leftSection={<Icon name="plus" />} onClick={dialog.open}>
          New plan
        </Button>
      }
    >
      <ScreenState
        query={plans}
        isEmpty={(found) => found.length === 0}
        empty={<Message icon="bill" title="No plans" text="Without one, tenants have no limits and pay nothing." />}
      >
        {(found) => (
          <TableFrame label="Plans" minWidth={760} head={['Name', 'Id', ...SHOWN.map(({ label }) => label)]}>
            {found.map((plan) => (
              <PlanRow key={plan.id} plan={plan} />
            ))}
          </TableFrame>
        )}
      </ScreenState>
      <PutPlan opened={making} others={plans.data} onClose={dialog.close} />
    </Page>
  );
}

function PlanRow({ plan }: { readonly plan: Plan }) {
  const { id, name } = plan;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/operator/plans/${id}`}>
          {name}
        </Anchor>
      </Table.Td>
      <Table.Td>{id}</Table.Td>
      {SHOWN.map(({ limit }) => (
        <Table.Td key={limit}>{textOfLimit(plan, limit)}</Table.Td>
      ))}
    </Table.Tr>
  );
}
