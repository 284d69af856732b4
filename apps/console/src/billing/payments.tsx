import { Alert, Anchor, Badge, Button, Group, Stack, Table, Text } from '@mantine/core';
import { Link } from 'wouter';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { useMay } from '../api/session.js';
import { Failure } from '../parts/failure.js';
import { Instant } from '../parts/instant.js';
import { formatMoney } from '../parts/money.js';
import { More } from '../parts/more.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';

type Payment = Schemas['PaymentPage']['payments'][number];

const COLOURS: Readonly<Record<Payment['state'], string>> = {
  waiting: 'gray',
  processing: 'blue',
  failed: 'red',
  paid: 'leaf',
  void: 'gray',
};

/** How invoices are paid, and what came of it. */
export function Payments() {
  const list = usePages(['payments'], (page, signal) =>
    answerOf(control.GET('/v1/payments', { signal, params: { query: page } })),
  );
  return (
    <ScreenState query={list}>
      {({ pages }) => (
        <Stack>
          {pages[0] && <Method {...pages[0]} />}
          {pages[0]?.payments.length === 0 ? (
            <Message icon="bill" title="Nothing to pay yet" text="Each invoice has its payment here." />
          ) : (
            <TableFrame
              label="Payments"
              minWidth={760}
              head={['Invoice', 'State', 'Total', 'Credited', 'Next attempt', 'Paid']}
            >
              {pages
                .flatMap(({ payments }) => payments)
                .map((payment) => (
                  <PaymentRow key={payment.invoiceId} payment={payment} />
                ))}
            </TableFrame>
          )}
          <More query={list} />
        </Stack>
      )}
    </ScreenState>
  );
}

function Method({ provider, method }: Pick<Schemas['PaymentPage'], 'provider' | 'method'>) {
  const may = useMay(['owner', 'finance']);
  const checkout = useChange(() => answerOf(control.POST('/v1/payments/checkout')), {
    onDone: ({ url }) => window.location.assign(url),
  });
  if (provider === 'manual') return <Alert color="gray">Invoices are paid by bank transfer here.</Alert>;
  return (
    <Stack gap="xs">
      <Failure error={checkout.error} />
      <Group>
        <Text>{method === null ? 'No payment method was left yet.' : textOf(method)}</Text>
        {may && (
          <Button variant="default" onClick={() => checkout.mutate()} loading={checkout.isPending}>
            {method === null ? 'Leave a payment method' : 'Change it'}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function PaymentRow({ payment }: { readonly payment: Payment }) {
  const { invoiceId, invoiceNumber, state, failure, total, credited, currency, payUrl, nextChargeAt, paidAt } = payment;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/billing/invoice/${invoiceId}`}>
          {invoiceNumber}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <Badge color={COLOURS[state]} variant="light">
          {state}
        </Badge>{' '}
        {failure}
        {payUrl !== null && (
          <>
            {' '}
            <Anchor href={payUrl} target="_blank" rel="noreferrer" size="sm">
              Pay now
            </Anchor>
          </>
        )}
      </Table.Td>
      <Table.Td>{formatMoney(total, currency)}</Table.Td>
      <Table.Td>{formatMoney(credited, currency)}</Table.Td>
      <Table.Td>
        <Instant at={nextChargeAt} none="" />
      </Table.Td>
      <Table.Td>
        <Instant at={paidAt} none="" />
      </Table.Td>
    </Table.Tr>
  );
}

function textOf({ kind, brand, lastFour, expiresMonth, expiresYear }: NonNullable<Schemas['PaymentPage']['method']>) {
  const until = expiresMonth === null || expiresYear === null ? '' : `, until ${expiresMonth}/${expiresYear}`;
  return `${brand ?? kind}${lastFour === null ? '' : ` …${lastFour}`}${until}`;
}
