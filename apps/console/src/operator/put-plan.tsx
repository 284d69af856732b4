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
  /** Those that are there: a new one does not take the place of one of them. */
  readonly others?: readonly Plan[] | undefined;
  readonly onClose: () => void;
}

/** Makes a plan, or changes what one limits. */
export function PutPlan({ opened, plan, others = [], onClose }: PutPlanProps) {
  return (
    <Dialog opened={opened} title={plan === undefined ? 'New plan' : `Change ${plan.name}`} onClose={onClose}>
      <Form plan={plan} others={others} onClose={onClose} />
    </Dialog>
  );
}

interface FormProps {
  readonly plan: Plan | undefined;
  readonly others: readonly Plan[];
  readonly onClose: () => void;
}

function Form({ plan, others, onClose }: FormProps) {
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
  const isTaken = others.some((other) => other.id === id);
  return (
    <DialogForm
      action={plan === undefined ? 'Make plan' : 'Change plan'}
      change={change}
      isReady={!isTaken}
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
          error={isTaken && 'There is a plan of this id: its own page changes it.'}
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
