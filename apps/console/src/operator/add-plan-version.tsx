import { NumberInput, Text, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { textOfPrice } from '../billing/line-text.js';
import { DialogForm } from '../parts/dialog-form.js';
import { Dialog } from '../parts/dialog.js';
import { fieldsOf } from '../parts/fields-of.js';
import { minorDigits } from '../parts/money.js';
import { PLANS } from './plan-keys.js';
import { draftOf, isQuotable, nextHour, QUOTES, SMALL_DIGITS, versionOf } from './version-draft.js';
import classes from './version-form.module.css';

interface AddPlanVersionProps {
  readonly opened: boolean;
  readonly planId: string;
  /** With whose prices it begins. */
  readonly last: Schemas['PlanVersion'] | undefined;
  readonly onClose: () => void;
}

/** Says what a plan costs from an hour on. */
export function AddPlanVersion({ opened, onClose, ...form }: AddPlanVersionProps) {
  return (
    <Dialog opened={opened} title="New prices" size="lg" onClose={onClose}>
      <Form {...form} onClose={onClose} />
    </Dialog>
  );
}

function Form({ planId, last, onClose }: Omit<AddPlanVersionProps, 'opened'>) {
  const [draft, setDraft] = useState(() => draftOf(last, nextHour(new Date())));
  const addition = useChange(
    () =>
      answerOf(
        control.POST('/v1/admin/plans/{id}/versions', {
          params: { path: { id: planId } },
          body: versionOf(draft, last),
        }),
      ),
    { reads: PLANS, told: 'The prices hold from then on.', onDone: onClose },
  );
  const fields = fieldsOf(addition.error);
  const kept = QUOTES.map((quote) =>
    last === undefined || isQuotable(last, quote)
      ? undefined
      : `Until it is changed: ${textOfPrice(quote.meter, last.prices[quote.meter], last.currency)}`,
  );
  const digits = minorDigits(draft.currency);
  const money = { min: 0, decimalScale: digits, fixedDecimalScale: true, thousandSeparator: ',' };
  const small = { min: 0, decimalScale: digits + SMALL_DIGITS, thousandSeparator: ',' };
  return (
    <DialogForm
      action="Add prices"
      change={addition}
      isReady={draft.from !== ''}
      onGiven={() => addition.mutate()}
      onClose={onClose}
    >
      <Text size="sm" c="dimmed">
        What was billed stays as it is. A version never changes: another price is another version.
      </Text>
      <div className={classes['fields']}>
        <TextInput
          label="From, a whole hour in UTC"
          type="datetime-local"
          step={3_600}
          required
          error={fields['effectiveFrom']}
          value={draft.from}
          onChange={({ currentTarget: { value: from } }) => setDraft({ ...draft, from })}
        />
        <TextInput
          label="Currency"
          required
          error={fields['currency']}
          value={draft.currency}
          onChange={({ currentTarget: { value } }) => setDraft({ ...draft, currency: value.toUpperCase() })}
        />
        <NumberInput
          {...money}
          label="Fee of a month"
          required
          error={fields['fee']}
          value={draft.fee}
          onChange={(fee) => setDraft({ ...draft, fee })}
        />
        <NumberInput
          {...money}
          label="Minimum of a month"
          required
          error={fields['minimum']}
          value={draft.minimum}
          onChange={(minimum) => setDraft({ ...draft, minimum })}
        />
        {QUOTES.flatMap(({ meter, price, included }, at) => [
          <NumberInput
            key={meter}
            {...small}
            label={price}
            description={kept[at]}
            required
            error={fields[`prices.${meter}.amount`]}
            value={draft.prices[meter]}
            onChange={(value) => setDraft({ ...draft, prices: { ...draft.prices, [meter]: value } })}
          />,
          <NumberInput
            key={`${meter} included`}
            label={included}
            min={0}
            allowDecimal={false}
            thousandSeparator=","
            error={fields[`prices.${meter}.included`]}
            value={draft.included[meter]}
            onChange={(value) => setDraft({ ...draft, included: { ...draft.included, [meter]: value } })}
          />,
        ])}
      </div>
    </DialogForm>
  );
}
