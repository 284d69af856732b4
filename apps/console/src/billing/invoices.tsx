import { Anchor, Badge, Group, Table } from '@mantine/core';
import { Link } from 'wouter';

import { Instant } from '../parts/instant.js';
import { formatMoney } from '../parts/money.js';
import { PagedTable } from '../parts/paged-table.js';
import { Message } from '../parts/screen-state.js';
import { useInvoiceList, type Invoice } from './invoice-list.js';

const COLOURS: Readonly<Record<Invoice['state'], string>> = {
  draft: 'gray',
  finalized: 'yellow',
  paid: 'leaf',
  void: 'gray',
};

/** One for each month in which something was billed. */
export function Invoices() {
  const list = useInvoiceList();
  return (
    <PagedTable
      query={list}
      itemsOf={({ invoices }) => invoices}
      empty={<Message icon="bill" title="No invoices yet" text="A month is billed a day after it has ended." />}
      label="Invoices"
      minWidth={760}
      head={['Number', 'Month', 'State', 'Total', 'Due', 'Issued', 'Download']}
    >
      {(invoice) => (
        <Table.Tr key={invoice.id}>
          <Table.Td>
            <Anchor component={Link} to={`/billing/invoice/${invoice.id}`}>
              {invoice.number}
            </Anchor>
          </Table.Td>
          <Table.Td>{invoice.period.from.slice(0, 7)}</Table.Td>
          <Table.Td>
            <InvoiceState invoice={invoice} />
          </Table.Td>
          <Table.Td>{formatMoney(invoice.total, invoice.currency)}</Table.Td>
          <Table.Td>{formatMoney(invoice.due, invoice.currency)}</Table.Td>
          <Table.Td>
            <Instant at={invoice.finalizedAt} />
          </Table.Td>
          <Table.Td>
            <Downloads invoice={invoice} />
          </Table.Td>
        </Table.Tr>
      )}
    </PagedTable>
  );
}

export function InvoiceState({ invoice: { state } }: { readonly invoice: Invoice }) {
  return (
    <Badge color={COLOURS[state]} variant="light">
      {state === 'finalized' ? 'to be paid' : state}
    </Badge>
  );
}

export function Downloads({ invoice: { id, number } }: { readonly invoice: Invoice }) {
  if (number === null) return null;
  return (
    <Group gap="sm" wrap="nowrap">
      <Anchor href={`/v1/invoices/${id}/pdf`} download={`${number}.pdf`} size="sm" aria-label={`${number} as PDF`}>
        PDF
      </Anchor>
      <Anchor href={`/v1/invoices/${id}/html`} target="_blank" size="sm" aria-label={`${number} as a page`}>
        Page
      </Anchor>
    </Group>
  );
}
