import { Tabs } from '@mantine/core';
import { useLocation, useParams } from 'wouter';

import { Page } from '../parts/page.js';
import { BillingDetails } from './billing-details.js';
import { Budgets } from './budgets.js';
import { Invoices } from './invoices.js';
import { Payments } from './payments.js';
import { ThisMonth } from './this-month.js';

const TABS = [
  { id: 'invoices', name: 'Invoices' },
  { id: 'budgets', name: 'Budgets' },
  { id: 'payments', name: 'Payments' },
  { id: 'details', name: 'Billing details' },
] as const;

/** What it costs, how much it may cost, and how that is paid. */
export function Billing() {
  const { tab = 'invoices' } = useParams<{ tab?: string }>();
  const [, navigate] = useLocation();
  return (
    <Page title="Billing" description="What it costs, what it may cost, and how it is paid.">
      <ThisMonth />
      <Tabs value={tab} onChange={(chosen) => navigate(`/billing/${chosen ?? 'invoices'}`)} keepMounted={false}>
        <Tabs.List mb="md">
          {TABS.map(({ id, name }) => (
            <Tabs.Tab key={id} value={id}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="invoices">
          <Invoices />
        </Tabs.Panel>
        <Tabs.Panel value="budgets">
          <Budgets />
        </Tabs.Panel>
        <Tabs.Panel value="payments">
          <Payments />
        </Tabs.Panel>
        <Tabs.Panel value="details">
          <BillingDetails />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
