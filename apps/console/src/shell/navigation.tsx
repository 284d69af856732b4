import { NavLink, Text } from '@mantine/core';
import { Link, useLocation } from 'wouter';

import type { Me } from '../api/session.js';
import { Icon, type IconName } from '../parts/icon.js';

interface Place {
  readonly to: string;
  readonly label: string;
  readonly icon: IconName;
}

const TENANT: readonly Place[] = [
  { to: '/start', label: 'Get started', icon: 'rocket' },
  { to: '/databases', label: 'Databases', icon: 'database' },
  { to: '/keys', label: 'API keys', icon: 'key' },
  { to: '/usage', label: 'Usage', icon: 'chart' },
  { to: '/billing', label: 'Billing', icon: 'bill' },
  { to: '/members', label: 'Members', icon: 'people' },
  { to: '/webhooks', label: 'Webhooks', icon: 'webhook' },
  { to: '/audit', label: 'Audit log', icon: 'audit' },
  { to: '/operations', label: 'Operations', icon: 'jobs' },
  { to: '/settings', label: 'Settings', icon: 'settings' },
];
const OPERATOR: readonly Place[] = [
  { to: '/operator/health', label: 'Health', icon: 'pulse' },
  { to: '/operator/fleet', label: 'Fleet', icon: 'fleet' },
  { to: '/operator/tenants', label: 'Tenants', icon: 'tenants' },
  { to: '/operator/costs', label: 'Costs', icon: 'coins' },
  { to: '/operator/invoices', label: 'Invoices', icon: 'bill' },
  { to: '/operator/plans', label: 'Plans', icon: 'plan' },
  { to: '/operator/jobs', label: 'Jobs', icon: 'jobs' },
  { to: '/operator/reconciliation', label: 'Reconciliation', icon: 'check' },
];

/** Where one can go. What a role may not see says so itself: a place that is hidden is searched for. */
export function Navigation({ me }: { readonly me: Me }) {
  return (
    <>
      <Places places={TENANT} />
      {me.user.operator && (
        <>
          <Text size="xs" c="dimmed" fw={600} px="sm" pt="lg" pb={4}>
            Operators
          </Text>
          <Places places={OPERATOR} />
        </>
      )}
    </>
  );
}

function Places({ places }: { readonly places: readonly Place[] }) {
  const [path] = useLocation();
  return places.map(({ to, label, icon }) => {
    const isHere = path === to || path.startsWith(`${to}/`);
    return (
      <NavLink
        key={to}
        component={Link}
        to={to}
        label={label}
        active={isHere}
        aria-current={isHere ? 'page' : undefined}
        leftSection={<Icon name={icon} />}
        py={7}
        my={2}
      />
    );
  });
}
