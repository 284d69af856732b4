import { Anchor, Text } from '@mantine/core';
import { Link, useParams } from 'wouter';

import { Figures } from '../parts/figures.js';
import { Instant } from '../parts/instant.js';
import { formatMoney } from '../parts/money.js';
import { Page } from '../parts/page.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { InvoiceContents } from './invoice-contents.js';
import { useInvoice, type Invoice } from './invoice-list.js';
import { ownInvoice } from './invoice-reader.js';
import { Downloads, InvoiceState } from './invoices.js';

/** An invoice with its lines, or the draft of a month. */
export function InvoicePage() {
  const { id = '' } = useParams<{ id: string }>();
  const invoice = useInvoice(id);
  const name = invoice.data?.number ?? (invoice.data ? `Draft of ${invoice.data.period.from.slice(0, 7)}` : 'Invoice');
  return (
    <Page
      title={name}
      description={
        <Anchor component={Link} to="/billing" size="sm">
          Billing
        </Anchor>
      }
      actions={invoice.data && <Downloads invoice={invoice.data} />}
    >
      <ScreenState query={invoice}>
        {(found) =>
          found === null ? (
            <Message
              icon="bill"
              title="Nothing was billed"
              text="There is no such invoice, or nothing to bill in this month."
            />
          ) : (
            <>
              <Summary invoice={found} />
              <InvoiceContents invoice={found} reader={ownInvoice(id)} />
            </>
          )
        }
      </ScreenState>
    </Page>
  );
}

function Summary({ invoice }: { readonly invoice: Invoice }) {
  const { total, credited, due, currency, buyer, completeTo } = invoice;
  return (
    <>
      <Figures
        figures={[
          { label: 'Total', value: formatMoney(total, currency), note: <InvoiceState invoice={invoice} /> },
          { label: 'Credited', value: formatMoney(credited, currency) },
          { label: 'Due', value: formatMoney(due, currency) },
          { label: 'Usage is in it until', value: <Instant at={completeTo} /> },
        ]}
      />
      <Text size="sm" c="dimmed">
        To {buyer.name || 'an organization without billing details'}
      </Text>
    </>
  );
}
