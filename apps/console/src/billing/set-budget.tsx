import { NumberInput, SegmentedControl, Select, Switch, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { useKeyNames } from '../keys/key-names.js';
import { DialogForm } from '../parts/dialog-form.js';
import { Dialog } from '../parts/dialog.js';
import { fieldsOf } from '../parts/fields-of.js';
import { minorDigits, minorUnits } from '../parts/money.js';
import { BUDGETS } from './budget.js';
import { useCurrency } from './currency.js';

interface Draft {
  readonly scope: string;
  /** Name of the database, or id of the key. */
  readonly subject: string;
  /** `money` or `units`. */
  readonly kind: string;
  readonly limit: number | string;
  readonly hardStop: boolean;
  readonly alertPercents: string[];
}

const EMPTY: Draft = {
  scope: 'organization',
  subject: '',
  kind: 'money',
  limit: '',
  hardStop: false,
  alertPercents: ['50', '80', '100'],
};

export function SetBudget({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Dialog opened={opened} title="Set a budget for each month" onClose={onClose}>
      <Form onClose={onClose} />
    </Dialog>
  );
}

function Form({ onClose }: { readonly onClose: () => void }) {
  const [draft, setDraft] = useState(EMPTY);
  const currency = useCurrency();
  const keys = useKeyNames(draft.scope === 'key');
  const setting = useChange(() => put(draft, currency), {
    reads: BUDGETS,
    told: 'The budget is set.',
    onDone: onClose,
  });
  const fields = fieldsOf(setting.error);
  return (
    <DialogForm action="Set budget" change={setting} onGiven={() => setting.mutate()} onClose={onClose}>
      <SegmentedControl
        aria-label="Of what"
        data={['organization', 'database', 'key']}
        value={draft.scope}
        onChange={(scope) => setDraft({ ...draft, scope, subject: '' })}
      />
      {draft.scope === 'key' && keys.size > 0 ? (
        <Select
          label="API key"
          required
          searchable
          data={[...keys].map(([value, label]) => ({ value, label }))}
          value={draft.subject}
          onChange={(subject) => setDraft({ ...draft, subject: subject ?? '' })}
        />
      ) : (
        draft.scope !== 'organization' && (
          <TextInput
            label={draft.scope === 'database' ? 'Name of the database' : 'Id of the key'}
            required
            value={draft.subject}
            onChange={({ currentTarget: { value: subject } }) => setDraft({ ...draft, subject })}
          />
        )
      )}
      <SegmentedControl
        aria-label="In what"
        data={[
          { value: 'money', label: 'money' },
          { value: 'units', label: 'read and write units' },
        ]}
        value={draft.kind}
        onChange={(kind) => setDraft({ ...draft, kind })}
      />
      <NumberInput
        label={draft.kind === 'money' ? `Limit in ${currency}` : 'Limit in units'}
        required
        min={0}
        decimalScale={draft.kind === 'money' ? minorDigits(currency) : 0}
        thousandSeparator=","
        error={fields['limit'] ?? fields['amount'] ?? fields['units']}
        value={draft.limit}
        onChange={(limit) => setDraft({ ...draft, limit })}
      />
      <Switch
        label="Stop what is beyond it: writes and charged reads are refused"
        checked={draft.hardStop}
        onChange={({ currentTarget: { checked: hardStop } }) => setDraft({ ...draft, hardStop })}
      />
      <TagsInput
        label="Tell me at percent"
        value={draft.alertPercents}
        error={fields['alertPercents']}
        onChange={(alertPercents) => setDraft({ ...draft, alertPercents })}
      />
    </DialogForm>
  );
}

function put(draft: Draft, currency: string) {
  const body = bodyOf(draft, currency);
  if (draft.scope === 'organization') return answerOf(control.PUT('/v1/budgets/organization', { body }));
  const id = draft.subject;
  if (draft.scope === 'key') return answerOf(control.PUT('/v1/budgets/keys/{id}', { params: { path: { id } }, body }));
  return answerOf(control.PUT('/v1/budgets/databases/{nameOrId}', { params: { path: { nameOrId: id } }, body }));
}

function bodyOf({ kind, limit, hardStop, alertPercents }: Draft, currency: string): Schemas['NewBudget'] {
  const wanted = Number(limit);
  return {
    limit: kind === 'money' ? { amount: minorUnits(wanted, currency), currency } : { units: wanted },
    hardStop,
    alertPercents: alertPercents.map(Number),
  };
}
