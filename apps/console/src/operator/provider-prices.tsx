import { Button, NumberInput, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { DialogForm } from '../parts/dialog-form.js';
import { Dialog } from '../parts/dialog.js';
import { fieldsOf } from '../parts/fields-of.js';
import { majorUnits, minorDigits, minorUnits } from '../parts/money.js';
import { ScreenState } from '../parts/screen-state.js';
import { COSTS } from './cost-keys.js';

type Prices = Schemas['NewProviderPrices'];

const AMOUNTS = [
  { member: 'putsMillion', label: 'A million PUTs' },
  { member: 'getsMillion', label: 'A million GETs' },
  { member: 'storedTerabyteMonth', label: 'A thousand gigabytes, stored for a month' },
  { member: 'egressTerabyte', label: 'A thousand gigabytes of egress' },
  { member: 'sharedMonth', label: 'What all tenants share in a month: machines, Postgres' },
] as const satisfies readonly { readonly member: keyof Prices; readonly label: string }[];
/** What is measured, as it cannot be counted for each tenant. */
const COUNTS = [
  {
    member: 'putsPerMillionCommits',
    label: 'PUTs that a million commits come to',
    description: 'Databases share them, and the busier a worker, the fewer. Divide the bill by the writes.',
  },
  {
    member: 'getsPerMillionReads',
    label: 'GETs that a million reads come to',
    description: 'Of what caches do not have. Divide the bill, less two for each cold start, by the reads.',
  },
] as const satisfies readonly { readonly member: keyof Prices; readonly label: string; readonly description: string }[];
/** As measured where databases are written to now and then, docs/benchmarks.md. */
const MEASURED_PUTS = 159_200;
const NOTHING: Prices = {
  ...{ putsMillion: 0, getsMillion: 0, storedTerabyteMonth: 0, egressTerabyte: 0, sharedMonth: 0 },
  putsPerMillionCommits: MEASURED_PUTS,
  getsPerMillionReads: 0,
};

/** Sets what the provider of the bucket asks from a month on. */
export function ProviderPrices({ month }: { readonly month: string }) {
  const [opened, dialog] = useDisclosure(false);
  const list = useQuery({
    queryKey: [...COSTS, 'prices'],
    enabled: opened,
    queryFn: ({ signal }) => answerOf(control.GET('/v1/admin/provider-prices', { signal })),
  });
  return (
    <>
      <Button variant="default" onClick={dialog.open}>
        Prices of the provider
      </Button>
      <Dialog opened={opened} title={`What the provider asks from ${month} on`} onClose={dialog.close}>
        <ScreenState query={list}>
          {({ currency, prices }) => {
            const present = prices.find(({ since }) => since <= month);
            // What was read before is shown at once, and begun with anew where it has changed since.
            return (
              <Form
                key={present?.updatedAt ?? ''}
                month={month}
                currency={currency}
                present={present ?? NOTHING}
                onClose={dialog.close}
              />
            );
          }}
        </ScreenState>
      </Dialog>
    </>
  );
}

interface FormProps {
  readonly month: string;
  readonly currency: string;
  readonly present: Prices;
  readonly onClose: () => void;
}

function Form({ month, currency, present, onClose }: FormProps) {
  const digits = minorDigits(currency);
  const [draft, setDraft] = useState<Readonly<Partial<Record<keyof Prices, number | string>>>>(() => ({
    ...Object.fromEntries(AMOUNTS.map(({ member }) => [member, majorUnits(present[member], currency)])),
    ...Object.fromEntries(COUNTS.map(({ member }) => [member, present[member] ?? 0])),
  }));
  const change = useChange(
    () =>
      answerOf(
        control.PUT('/v1/admin/provider-prices/{month}', {
          params: { path: { month } },
          body: {
            ...NOTHING,
            ...Object.fromEntries(AMOUNTS.map(({ member }) => [member, minorUnits(Number(draft[member]), currency)])),
            ...Object.fromEntries(COUNTS.map(({ member }) => [member, Number(draft[member])])),
          },
        }),
      ),
    { reads: COSTS, told: `These prices hold from ${month} on.`, onDone: onClose },
  );
  const fields = fieldsOf(change.error);
  return (
    <DialogForm action="Set prices" change={change} onGiven={() => change.mutate()} onClose={onClose}>
      <Text size="sm" c="dimmed">
        In {currency}, as plans are. They hold until the month for which others are set.
      </Text>
      {AMOUNTS.map(({ member, label }) => (
        <NumberInput
          key={member}
          label={label}
          required
          min={0}
          decimalScale={digits}
          fixedDecimalScale
          thousandSeparator=","
          error={fields[member]}
          value={draft[member] ?? ''}
          onChange={(value) => setDraft({ ...draft, [member]: value })}
        />
      ))}
      {COUNTS.map(({ member, label, description }) => (
        <NumberInput
          key={member}
          label={label}
          description={description}
          required
          min={0}
          allowDecimal={false}
          thousandSeparator=","
          error={fields[member]}
          value={draft[member] ?? ''}
          onChange={(value) => setDraft({ ...draft, [member]: value })}
        />
      ))}
    </DialogForm>
  );
}
