import { Anchor, Group, Select, Table } from '@mantine/core';
import { Link } from 'wouter';

import { answerOf, control, type Schemas } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { InvoiceState } from '../billing/invoices.js';
import { Instant } from '../parts/instant.js';
import { formatMoney } from '../parts/money.js';
import { Page } from '../parts/page.js';
import { PagedTable } from '../parts/paged-table.js';
import { Message } from '../parts/screen-state.js';
import { TypedFilter } from '../parts/typed-filter.js';
import { useUrlState } from '../state/url-state.js';
import { OPERATOR_INVOICES } from './invoice-keys.js';

type Invoice = Schemas['OperatorInvoicePage']['invoices'][number];

const STATES = [
  { value: 'all', label: 'all' },
  { value: 'finalized', label: 'to be paid' },
  { value: 'paid', label: 'paid' },
  { value: 'void', label: 'void' },
] as const;

/** What was billed to whom, and what became of it. */
export function OperatorInvoices() {
  const [stateText, setState] = useUrlState('state');
  const [tenant, setTenant] = useUrlState('tenant');
  const state = STATES.find(({ value }) => value === stateText)?.value ?? 'all';
  const list = usePages([...OPERATOR_INVOICES, { state, tenant }], (page, signal) =>
    answerOf(
      control.GET('/v1/admin/invoices', {
        signal,
        params: {
          query: {
            ...(state !== 'all' && { state }),
            ...(tenant !== '' && { tenant }),
            ...page,
          },
        },
      }),
    ),
  );
  return (
    <Page title="Invoices" description="Issued ones of all tenants, the latest in front.">
      <Group align="flex-end">
        <Select
          label="State"
          allowDeselect={false}
          data={[...STATES]}
          value={state}
          onChange={(value) => setState(value === null || value === 'all' ? '' : value)}
        />
        <TypedFilter label="Tenant, by its id" placeholder="all" value={tenant} onChange={setTenant} />
      </Group>
      <PagedTable
        query={list}
        itemsOf={({ invoices }) => invoices}
        empty={
          <Message
            icon="bill"
            title="No invoices"
            text="Those of a month are issued once it is over and its usage is complete."
          />
        }
        label="Invoices"
        minWidth={800}
        head={['Number', 'To', 'Month', 'State', 'Total', 'Due', 'Issued']}
      >
        {(invoice) => <InvoiceRow key={invoice.id} invoice={invoice} />}
      </PagedTable>
    </Page>
  );
}

function InvoiceRow({ invoice }: { readonly invoice: Invoice }) {
  const { id, number, organizationId, buyer, period, total, due, currency, finalizedAt } = invoice;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/operator/invoices/${id}`}>
          {number}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <Anchor component={Link} to={`/operator/tenants/${organizationId}`}>
          {buyer.name || organizationId}
        </Anchor>
      </Table.Td>
      <Table.Td>{period.from.slice(0, 7)}</Table.Td>
      <Table.Td>
        <InvoiceState invoice={invoice} />
      </Table.Td>
      <Table.Td>{formatMoney(total, currency)}</Table.Td>
      <Table.Td>{formatMoney(due, currency)}</Table.Td>
      <Table.Td>
        <Instant at={finalizedAt} />
      </Table.Td>
    </Table.Tr>
  );
}
