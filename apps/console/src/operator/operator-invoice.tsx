import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'wouter';

import { answerOf, control, type Schemas } from '../api/control.js';
import { InvoiceContents } from '../billing/invoice-contents.js';
import { readerAt } from '../billing/invoice-reader.js';
import { InvoiceState } from '../billing/invoices.js';
import { Figures } from '../parts/figures.js';
import { Instant } from '../parts/instant.js';
import { formatMoney } from '../parts/money.js';
import { Page } from '../parts/page.js';
import { Panel } from '../parts/panel.js';
import { ScreenState } from '../parts/screen-state.js';
import { Facts } from '../parts/facts.js';
import { InvoiceActions } from './invoice-actions.js';
import { OPERATOR_INVOICES } from './invoice-keys.js';

type Invoice = Schemas['Invoice'];

/** An issued invoice, and what can become of it. */
export function OperatorInvoice() {
  const { id = '' } = useParams<{ id: string }>();
  const invoice = useQuery({
    queryKey: [...OPERATOR_INVOICES, id],
    queryFn: ({ signal }) => answerOf(control.GET('/v1/admin/invoices/{id}', { signal, params: { path: { id } } })),
  });
  return (
    <Page
      title={invoice.data?.number ?? 'Invoice'}
      description={
        <Anchor component={Link} to="/operator/invoices" size="sm">
          Invoices
        </Anchor>
      }
      actions={invoice.data && <InvoiceActions invoice={invoice.data} />}
    >
      <ScreenState query={invoice}>{(found) => <Found invoice={found} />}</ScreenState>
    </Page>
  );
}

function Found({ invoice }: { readonly invoice: Invoice }) {
  const { period, total, credited, due, currency, buyer, charge } = invoice;
  const { finalizedAt, paidAt, payment, voidedAt, voidReason } = invoice;
  return (
    <>
      <Figures
        figures={[
          { label: 'Total', value: formatMoney(total, currency), note: <InvoiceState invoice={invoice} /> },
          { label: 'Credited', value: formatMoney(credited, currency) },
          { label: 'Due', value: formatMoney(due, currency) },
          { label: 'Month', value: period.from.slice(0, 7), note: 'in UTC' },
        ]}
      />
      <Panel title="What became of it">
        <Facts
          label="Invoice"
          facts={[
            ['To', buyer.name || 'an organization without billing details'],
            ['Issued', <Instant key="issued" at={finalizedAt} />],
            ['Charged by', charge?.provider ? `${charge.provider}: ${charge.state}` : 'nobody: it is paid by hand'],
            ['Paid', paidAt === null ? 'not yet' : <Instant key="paid" at={paidAt} />],
            ...(payment === null ? [] : [['How', payment] as const]),
            ...(voidedAt === null ? [] : [['Void since', <Instant key="void" at={voidedAt} />] as const]),
            ...(voidReason === null ? [] : [['Why', voidReason] as const]),
          ]}
        />
      </Panel>
      <InvoiceContents
        invoice={invoice}
        reader={readerAt('/v1/admin/invoices/{id}', invoice.id, [...OPERATOR_INVOICES, invoice.id])}
      />
    </>
  );
}
