import { Group, NumberInput, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { Form } from '../parts/form.js';
import { fieldsOf } from '../parts/fields-of.js';
import { LIMITS, type Limit } from './limits.js';
import { TENANTS } from './tenants.js';

/** What is typed; empty leaves a limit as it is. */
type Draft = Readonly<Partial<Record<Limit, number | string>>>;

/** Agrees on a plan or on limits with a tenant, beside what the plan says. */
export function Agreement({ tenantId, plan: present }: { readonly tenantId: string; readonly plan: string }) {
  const [plan, setPlan] = useState(present);
  const [draft, setDraft] = useState<Draft>({});
  const agreement = useChange(
    () =>
      answerOf(
        control.PATCH('/v1/admin/tenants/{id}/quotas', {
          params: { path: { id: tenantId } },
          body: bodyOf(plan === present ? undefined : plan, draft),
        }),
      ),
    { reads: TENANTS, told: 'Agreed. The gateways go by it within two seconds.', onDone: () => setDraft({}) },
  );
  const fields = fieldsOf(agreement.error);
  const isEmpty = Object.keys(bodyOf(plan === present ? undefined : plan, draft)).length === 0;
  return (
    <Form action="Agree" change={agreement} isReady={!isEmpty} onGiven={() => agreement.mutate()}>
      <Group align="flex-end">
        <TextInput
          label="Plan, by its id"
          error={fields['plan']}
          value={plan}
          onChange={(event) => setPlan(event.currentTarget.value)}
        />
        {LIMITS.map(({ limit, label }) => (
          <NumberInput
            key={limit}
            label={label}
            placeholder="as it is"
            min={0}
            allowDecimal={false}
            error={fields[limit]}
            value={draft[limit] ?? ''}
            onChange={(value) => setDraft({ ...draft, [limit]: value })}
          />
        ))}
      </Group>
    </Form>
  );
}

function bodyOf(plan: string | undefined, draft: Draft): Schemas['QuotaAgreement'] {
  const typed = LIMITS.flatMap(({ limit }) => {
    const value = draft[limit];
    return value === undefined || value === '' ? [] : [[limit, Number(value)] as const];
  });
  return { ...(plan !== undefined && { plan }), ...Object.fromEntries(typed) };
}
