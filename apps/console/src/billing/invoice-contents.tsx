import { Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { usePages } from '../api/pages.js';
import { Instant } from '../parts/instant.js';
import { formatMoney } from '../parts/money.js';
import { PagedTable } from '../parts/paged-table.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import type { Invoice } from './invoice-list.js';
import type { InvoiceReader } from './invoice-reader.js';
import { textOfLine } from './line-text.js';

interface ContentsProps {
  readonly invoice: Invoice;
  readonly reader: InvoiceReader;
}

/** What stands on an invoice, for its tenant and for operators: lines, what was credited, and what of the lines is whose. */
export function InvoiceContents(props: ContentsProps) {
  return (
    <>
      <Lines {...props} />
      {props.invoice.credited > 0 && <CreditNotes {...props} />}
      <Shares {...props} />
    </>
  );
}

function useLines({ key, lines }: InvoiceReader) {
  return usePages([...key, 'lines'], lines);
}

function Lines({ invoice: { currency }, reader }: ContentsProps) {
  const lines = useLines(reader);
  return (
    <PagedTable
      query={lines}
      itemsOf={(page) => page.lines}
      empty={<Message icon="bill" title="No lines" text="Nothing in it costs anything." />}
      label="Lines"
      minWidth={760}
      head={['What', 'Quantity', 'Included', 'Price', 'From', 'To', 'Amount']}
    >
      {(line) => {
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
      }}
    </PagedTable>
  );
}

/** What of it was taken back, and why. */
function CreditNotes({ invoice: { currency, credited }, reader }: ContentsProps) {
  const notes = useQuery({
    // Another note makes it another sum.
    queryKey: [...reader.key, 'credit-notes', credited],
    queryFn: ({ signal }) => reader.creditNotes(signal),
  });
  return (
    <ScreenState query={notes} skeletonRows={2}>
      {({ creditNotes }) => (
        <TableFrame label="Credit notes" head={['Credit note', 'Reason', 'Issued', 'Amount']}>
          {creditNotes.map(({ id, number, reason, createdAt, amount }) => (
            <Table.Tr key={id}>
              <Table.Td>{number}</Table.Td>
              <Table.Td>{reason}</Table.Td>
              <Table.Td>
                <Instant at={createdAt} />
              </Table.Td>
              <Table.Td>{formatMoney(amount, currency)}</Table.Td>
            </Table.Tr>
          ))}
        </TableFrame>
      )}
    </ScreenState>
  );
}

/** What of the lines is whose. */
function Shares({ invoice: { currency }, reader }: ContentsProps) {
  const shares = usePages([...reader.key, 'databases'], reader.databases);
  const lines = new Map(
    useLines(reader).data?.pages.flatMap((page) => page.lines.map((line) => [line.line, line] as const)),
  );
  const textOf = (number: number, quantity: string) => {
    const line = lines.get(number);
    return line === undefined ? undefined : textOfLine({ ...line, quantity }, currency);
  };
  return (
    <PagedTable
      query={shares}
      itemsOf={({ databases }) => databases}
      empty={<></>}
      skeletonRows={2}
      label="By database"
      head={['Database', 'What', 'Quantity', 'Amount']}
    >
      {({ database, name, line, quantity, amount }) => (
        <Table.Tr key={`${line} ${database}`}>
          <Table.Td title={database}>{name || database}</Table.Td>
          <Table.Td>{textOf(line, quantity)?.what ?? line}</Table.Td>
          <Table.Td>{textOf(line, quantity)?.quantity ?? quantity}</Table.Td>
          <Table.Td>{formatMoney(amount, currency)}</Table.Td>
        </Table.Tr>
      )}
    </PagedTable>
  );
}
