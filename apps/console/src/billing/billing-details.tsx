import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { Form } from '../parts/form.js';
import { fieldsOf } from '../parts/fields-of.js';
import { ScreenState } from '../parts/screen-state.js';

type Details = Schemas['BillingDetails'];

const DETAILS = ['billing-details'] as const;
const MEMBERS = [
  { member: 'name', label: 'Name' },
  { member: 'street', label: 'Street' },
  { member: 'postalCode', label: 'Postal code' },
  { member: 'city', label: 'City' },
  { member: 'region', label: 'Region' },
  { member: 'country', label: 'Country, in two letters' },
  { member: 'taxId', label: 'Tax id' },
  { member: 'email', label: 'E-mail address' },
] as const satisfies readonly { readonly member: keyof Details; readonly label: string }[];

/** To whom the next invoices are addressed. */
export function BillingDetails() {
  const details = useQuery({
    queryKey: DETAILS,
    queryFn: ({ signal }) => answerOf(control.GET('/v1/billing-details', { signal })),
  });
  return (
    <ScreenState query={details}>{(found) => <DetailsForm key={JSON.stringify(found)} details={found} />}</ScreenState>
  );
}

function DetailsForm({ details }: { readonly details: Details }) {
  const [draft, setDraft] = useState(details);
  const change = useChange(() => answerOf(control.PUT('/v1/billing-details', { body: draft })), {
    reads: DETAILS,
    told: 'The next invoices are addressed so.',
  });
  const fields = fieldsOf(change.error);
  return (
    <Form action="Save" change={change} maxWidth="30rem" onGiven={() => change.mutate()}>
      {MEMBERS.map(({ member, label }) => (
        <TextInput
          key={member}
          label={label}
          required={member === 'name'}
          error={fields[member]}
          value={draft[member]}
          onChange={({ currentTarget: { value } }) => setDraft({ ...draft, [member]: value })}
        />
      ))}
    </Form>
  );
}
