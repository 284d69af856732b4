import { Anchor, Table, Text } from '@mantine/core';
import { Link, useParams } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { Figures } from '../parts/figures.js';
import { Instant } from '../parts/instant.js';
import { formatMoney } from '../parts/money.js';
import { More } from '../parts/more.js';
import { Page } from '../parts/page.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { INVOICES, useInvoice, type Invoice } from './invoice-list.js';
import { Downloads, InvoiceState } from './invoices.js';
import { textOfLine } from './line-text.js';

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
              <Lines invoice={found} />
              <Shares invoice={found} />
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

function useLines(id: string) {
  return usePages([...INVOICES, id, 'lines'], (page, signal) =>
    answerOf(
      control.GET('/v1/invoices/{id}/lines', {
        signal,
        params: { path: { id }, query: page },
      }),
    ),
  );
}

function Lines({ invoice: { id, currency } }: { readonly invoice: Invoice }) {
  const lines = useLines(id);
  return (
    <ScreenState
      query={lines}
      isEmpty={({ pages }) => pages[0]?.lines.length === 0}
      empty={<Message icon="bill" title="No lines" text="Nothing in it costs anything." />}
    >
      {({ pages }) => (
        <>
          <TableFrame
            label="Lines"
            minWidth={760}
            head={['What', 'Quantity', 'Included', 'Price', 'From', 'To', 'Amount']}
          >
            {pages
              .flatMap((page) => page.lines)
              .map((line) => {
                const { what, quantity, included, price } = textOfLine(line, currency);
                return (
                  <Table.Tr key={line.line}>
                    <Table.Td>
                      {what}
                      <Text size="xs" c="dimmed">
                        plan {line.plan}, version {line.planVersion}
                      </Text>
                    </Table.Td>
                    <Table.Td>{quantity}</Table.Td>
                    <Table.Td>{included}</Table.Td>
                    <Table.Td>{price}</Table.Td>
                    <Table.Td>
                      <Instant at={line.from} />
                    </Table.Td>
                    <Table.Td>
                      <Instant at={line.to} />
                    </Table.Td>
                    <Table.Td>{formatMoney(line.amount, currency)}</Table.Td>
                  </Table.Tr>
                );
              })}
          </TableFrame>
          <More query={lines} />
        </>
      )}
    </ScreenState>
  );
}

/** What of the lines is whose. */
function Shares({ invoice: { id, currency } }: { readonly invoice: Invoice }) {
  const shares = usePages([...INVOICES, id, 'databases'], (page, signal) =>
    answerOf(
      control.GET('/v1/invoices/{id}/databases', {
        signal,
        params: { path: { id }, query: page },
      }),
    ),
  );
  const lines = new Map(
    useLines(id).data?.pages.flatMap((page) => page.lines.map((line) => [line.line, line] as const)),
  );
  const textOf = (number: number, quantity: string) => {
    const line = lines.get(number);
    return line === undefined ? undefined : textOfLine({ ...line, quantity }, currency);
  };
  return (
    <ScreenState
      query={shares}
      isEmpty={({ pages }) => pages[0]?.databases.length === 0}
      empty={<></>}
      skeletonRows={2}
    >
      {({ pages }) => (
        <>
          <TableFrame label="By database" head={['Database', 'What', 'Quantity', 'Amount']}>
            {pages
              .flatMap(({ databases }) => databases)
              .map(({ database, name, line, quantity, amount }) => (
                <Table.Tr key={`${line} ${database}`}>
                  <Table.Td title={database}>{name || database}</Table.Td>
                  <Table.Td>{textOf(line, quantity)?.what ?? line}</Table.Td>
                  <Table.Td>{textOf(line, quantity)?.quantity ?? quantity}</Table.Td>
                  <Table.Td>{formatMoney(amount, currency)}</Table.Td>
                </Table.Tr>
              ))}
          </TableFrame>
          <More query={shares} />
        </>
      )}
    </ScreenState>
  );
}
