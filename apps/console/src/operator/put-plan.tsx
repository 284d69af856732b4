import { NumberInput, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { DialogForm } from '../parts/dialog-form.js';
import { Dialog } from '../parts/dialog.js';
import { fieldsOf } from '../parts/fields-of.js';
import { LIMITS, type Limit } from './limits.js';
import { PLANS, type Plan } from './plan-keys.js';

interface PutPlanProps {
  readonly opened: boolean;
  /** Undefined: a new one. */
  readonly plan?: Plan;
  readonly onClose: () => void;
}

/** Makes a plan, or changes what one limits. */
export function PutPlan({ opened, plan, onClose }: PutPlanProps) {
  return (
    <Dialog opened={opened} title={plan === undefined ? 'New plan' : `Change ${plan.name}`} onClose={onClose}>
      <Form plan={plan} onClose={onClose} />
    </Dialog>
  );
}

function Form({ plan, onClose }: { readonly plan: Plan | undefined; readonly onClose: () => void }) {
  const [id, setId] = useState(plan?.id ?? '');
  const [name, setName] = useState(plan?.name ?? '');
  const [limits, setLimits] = useState<Readonly<Partial<Record<Limit, number | string>>>>(() =>
    Object.fromEntries(LIMITS.map(({ limit }) => [limit, plan?.[limit] ?? ''])),
  );
  const change = useChange(
    () =>
      answerOf(control.PUT('/v1/admin/plans/{id}', { params: { path: { id } }, body: { name, ...limitsOf(limits) } })),
    { reads: PLANS, told: 'The gateways go by it within two seconds.', onDone: onClose },
  );
  const fields = fieldsOf(change.error);
  return (
    <DialogForm
      action={plan === undefined ? 'Make plan' : 'Change plan'}
      isBusy={change.isPending}
      error={change.error}
      onGiven={() => change.mutate()}
      onClose={onClose}
    >
      {plan === undefined && (
        <TextInput
          label="Id"
          description="Lower-case letters, digits and -. It never changes."
          required
          data-autofocus
          autoComplete="off"
          value={id}
          onChange={(event) => setId(event.currentTarget.value)}
        />
      )}
      <TextInput
        label="Name"
        required
        error={fields['name']}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      {LIMITS.map(({ limit, label }) => (
        <NumberInput
          key={limit}
          label={label}
          placeholder="no limit"
          min={0}
          allowDecimal={false}
          thousandSeparator=","
          error={fields[limit]}
          value={limits[limit] ?? ''}
          onChange={(value) => setLimits({ ...limits, [limit]: value })}
        />
      ))}
    </DialogForm>
  );
}

function limitsOf(limits: Readonly<Partial<Record<Limit, number | string>>>): Omit<Schemas['PlanLimits'], 'name'> {
  return Object.fromEntries(
    LIMITS.map(({ limit }) => {
      const value = limits[limit];
      return [limit, value === undefined || value === '' ? null : Number(value)];
    }),
  );
}
