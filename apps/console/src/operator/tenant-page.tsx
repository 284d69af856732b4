import { Alert, Anchor, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'wouter';

import { answerOf, control, type Schemas } from '../api/control.js';
import { QuotaTable } from '../organization/quotas.js';
import { Figures } from '../parts/figures.js';
import { formatBytes, formatCount } from '../parts/format.js';
import { Instant } from '../parts/instant.js';
import { Page } from '../parts/page.js';
import { Panel } from '../parts/panel.js';
import { ScreenState } from '../parts/screen-state.js';
import { Agreement } from './agreement.js';
import { Suspension } from './suspension.js';
import { TenantDatabases } from './tenant-databases.js';
import { TenantInvoice } from './tenant-invoice.js';
import { TENANTS } from './tenants.js';

/** One tenant, for operators. */
export function TenantPage() {
  const { id = '' } = useParams<{ id: string }>();
  const tenant = useQuery({
    queryKey: [...TENANTS, id],
    queryFn: ({ signal }) => answerOf(control.GET('/v1/admin/tenants/{id}', { signal, params: { path: { id } } })),
  });
  return (
    <Page
      title={tenant.data?.name ?? 'Tenant'}
      description={
        <Anchor component={Link} to="/operator/tenants" size="sm">
          Tenants
        </Anchor>
      }
      actions={tenant.data && <Suspension tenant={tenant.data} />}
    >
      <ScreenState query={tenant}>{(found) => <Tenant tenant={found} />}</ScreenState>
    </Page>
  );
}

function Tenant({ tenant }: { readonly tenant: Schemas['Tenant'] }) {
  const { id, createdAt, suspension, members, apiKeys, plan, limits, used } = tenant;
  return (
    <>
      {suspension && (
        <Alert color="red" title={`Suspended by ${suspension.suspendedBy}`}>
          <Instant at={suspension.suspendedAt} />: {suspension.reason}
        </Alert>
      )}
      <Figures
        figures={[
          { label: 'Databases', value: formatCount(used.databases) },
          { label: 'Storage', value: formatBytes(used.storageBytes) },
          { label: 'API keys', value: formatCount(apiKeys) },
          { label: 'Plan', value: plan.name },
          { label: 'Since', value: <Instant at={createdAt} />, note: id },
        ]}
      />
      <TenantInvoice tenantId={id} />
      <Panel title="Databases" description="To look into one: what it is made of, and who owns it.">
        <TenantDatabases tenantId={id} />
      </Panel>
      <Panel title="Limits">
        <QuotaTable limits={limits} used={used} />
      </Panel>
      <Panel title="Agreement" description="What holds for this tenant beside its plan.">
        <Agreement key={plan.id} tenantId={id} plan={plan.id} />
      </Panel>
      <Panel title="Members">
        <Table aria-label="Members">
          <Table.Tbody>
            {members.map(({ email, role }) => (
              <Table.Tr key={email}>
                <Table.Td>{email}</Table.Td>
                <Table.Td>{role}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Panel>
    </>
  );
}
