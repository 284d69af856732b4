import { Button, Group, NumberInput, Text, Textarea, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { DialogForm } from '../parts/dialog-form.js';
import { Dialog } from '../parts/dialog.js';
import { fieldsOf } from '../parts/fields-of.js';
import { formatMoney, majorUnits, minorDigits, minorUnits } from '../parts/money.js';
import { OPERATOR_INVOICES } from './invoice-keys.js';

type Invoice = Schemas['Invoice'];
type Action = 'pay' | 'void' | 'credit';

/** What an operator can do with an issued invoice: each once, and none can be undone. */
export function InvoiceActions({ invoice }: { readonly invoice: Invoice }) {
  const [action, setAction] = useState<Action>();
  const close = () => setAction(undefined);
  const { state, total, credited, number } = invoice;
  const isOpen = state === 'finalized';
  return (
    <Group gap="xs">
      {isOpen && <Button onClick={() => setAction('pay')}>Mark as paid</Button>}
      {state !== 'void' && credited < total && (
        <Button variant="default" onClick={() => setAction('credit')}>
          Credit
        </Button>
      )}
      {isOpen && credited === 0 && (
        <Button variant="outline" color="red" onClick={() => setAction('void')}>
          Void
        </Button>
      )}
      <Dialog opened={action === 'pay'} title={`${number ?? 'It'} is paid`} onClose={close}>
        <Pay invoice={invoice} onClose={close} />
      </Dialog>
      <Dialog opened={action === 'credit'} title={`Credit of ${number ?? 'it'}`} onClose={close}>
        <Credit invoice={invoice} onClose={close} />
      </Dialog>
      <Dialog opened={action === 'void'} title={`Void ${number ?? 'it'}`} onClose={close}>
        <Void invoice={invoice} onClose={close} />
      </Dialog>
    </Group>
  );
}

interface FormProps {
  readonly invoice: Invoice;
  readonly onClose: () => void;
}

function Pay({ invoice: { id, due, currency }, onClose }: FormProps) {
  const [payment, setPayment] = useState('');
  const change = useChange(
    () => answerOf(control.POST('/v1/admin/invoices/{id}/paid', { params: { path: { id } }, body: { payment } })),
    { reads: OPERATOR_INVOICES, told: 'It is paid.', onDone: onClose },
  );
  return (
    <DialogForm action="It is paid" change={change} onGiven={() => change.mutate()} onClose={onClose}>
      <Told>{formatMoney(due, currency)} came in, past the payment provider.</Told>
      <TextInput
        label="How it was paid"
        placeholder="bank transfer of 2026-12-03"
        required
        data-autofocus
        error={fieldsOf(change.error)['payment']}
        value={payment}
        onChange={(event) => setPayment(event.currentTarget.value)}
      />
    </DialogForm>
  );
}

function Void({ invoice: { id, total, currency }, onClose }: FormProps) {
  const [reason, setReason] = useState('');
  const change = useChange(
    () => answerOf(control.POST('/v1/admin/invoices/{id}/void', { params: { path: { id } }, body: { reason } })),
    { reads: OPERATOR_INVOICES, told: 'It is void.', onDone: onClose },
  );
  return (
    <DialogForm action="Void invoice" change={change} onGiven={() => change.mutate()} onClose={onClose}>
      <Told>
        Nothing of {formatMoney(total, currency)} is owed any more, and what it billed is not billed again. That cannot
        be undone.
      </Told>
      <Textarea
        label="Reason"
        required
        data-autofocus
        error={fieldsOf(change.error)['reason']}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </DialogForm>
  );
}

function Credit({ invoice: { id, total, credited, currency }, onClose }: FormProps) {
  const [{ amount, reason, key }, setDraft] = useState(() => ({
    amount: '' as number | string,
    reason: '',
    key: newKey(),
  }));
  const change = useChange(
    () =>
      answerOf(
        control.POST('/v1/admin/invoices/{id}/credit-notes', {
          // Sent again after an answer that was lost, it is the same credit.
          params: { path: { id }, header: { 'Idempotency-Key': key } },
          body: { amount: minorUnits(Number(amount), currency), reason },
        }),
      ),
    { reads: OPERATOR_INVOICES, told: 'It is credited.', onDone: onClose },
  );
  const fields = fieldsOf(change.error);
  return (
    <DialogForm action="Credit" change={change} onGiven={() => change.mutate()} onClose={onClose}>
      <Told>At most {formatMoney(total - credited, currency)}, which is left of it. That cannot be undone.</Told>
      <NumberInput
        label={`Amount in ${currency}`}
        required
        data-autofocus
        min={0}
        max={majorUnits(total - credited, currency)}
        decimalScale={minorDigits(currency)}
        // Too much is refused, and never turned into less under the hand that confirms it.
        clampBehavior="none"
        thousandSeparator=","
        error={fields['amount']}
        value={amount}
        onChange={(value) => setDraft({ reason, amount: value, key: newKey() })}
      />
      <Textarea
        label="Reason"
        description="The tenant sees it."
        required
        error={fields['reason']}
        value={reason}
        onChange={({ currentTarget: { value } }) => setDraft({ amount, reason: value, key: newKey() })}
      />
    </DialogForm>
  );
}

const KEY_BYTES = 16;

/** Of one request, however often it is sent. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

function Told({ children }: { readonly children: ReactNode }) {
  return (
    <Text size="sm" c="dimmed">
      {children}
    </Text>
  );
}
