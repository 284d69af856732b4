import { Button, Checkbox, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { DialogForm } from '../parts/dialog-form.js';
import { Dialog } from '../parts/dialog.js';
import { fieldsOf } from '../parts/fields-of.js';
import { Secret } from '../parts/secret.js';
import { KEYS } from './key-list.js';
import { LIFETIMES, endOf } from './lifetimes.js';
import { SCOPES } from './scopes.js';

interface Draft {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly databases: string[];
  readonly prefix: string;
  readonly lifetime: string;
}

const EMPTY: Draft = { name: '', scopes: ['data:read', 'data:write'], databases: [], prefix: '', lifetime: '' };

export function CreateKey({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Dialog opened={opened} title="Create an API key" onClose={onClose}>
      <Creation onClose={onClose} />
    </Dialog>
  );
}

function Creation({ onClose }: { readonly onClose: () => void }) {
  const [draft, setDraft] = useState(EMPTY);
  const creation = useChange(() => answerOf(control.POST('/v1/keys', { body: bodyOf(draft, Date.now()) })), {
    reads: KEYS,
  });
  if (creation.data) {
    return (
      <Stack>
        <Secret secret={creation.data.key} label="API key" />
        <Button onClick={onClose}>Done</Button>
      </Stack>
    );
  }
  const fields = fieldsOf(creation.error);
  return (
    <DialogForm
      action="Create key"
      change={creation}
      isReady={draft.scopes.length > 0}
      onGiven={() => creation.mutate()}
      onClose={onClose}
    >
      <TextInput
        label="Name"
        description="So that you know it again."
        required
        data-autofocus
        autoComplete="off"
        error={fields['name']}
        value={draft.name}
        onChange={({ currentTarget: { value: name } }) => setDraft({ ...draft, name })}
      />
      <Checkbox.Group
        label="It may"
        value={[...draft.scopes]}
        onChange={(scopes) => setDraft({ ...draft, scopes })}
        error={fields['scopes']}
      >
        <Stack gap={6} mt={6}>
          {SCOPES.map(({ scope, meaning }) => (
            <Checkbox key={scope} value={scope} label={`${meaning} (${scope})`} />
          ))}
        </Stack>
      </Checkbox.Group>
      <TagsInput
        label="Only these databases"
        description="Names, or patterns such as customer-*. Empty: all."
        value={draft.databases}
        onChange={(databases) => setDraft({ ...draft, databases })}
        error={fields['databases']}
      />
      <TextInput
        label="Only keys that begin with"
        description="Empty: all."
        autoComplete="off"
        spellCheck={false}
        error={fields['prefix']}
        value={draft.prefix}
        onChange={({ currentTarget: { value: prefix } }) => setDraft({ ...draft, prefix })}
      />
      <Select
        label="It ends"
        data={[...LIFETIMES]}
        allowDeselect={false}
        value={draft.lifetime}
        onChange={(lifetime) => setDraft({ ...draft, lifetime: lifetime ?? '' })}
      />
    </DialogForm>
  );
}

function bodyOf({ name, scopes, databases, prefix, lifetime }: Draft, nowMs: number): Schemas['NewKey'] {
  const expiresAt = endOf(lifetime, nowMs);
  return {
    name,
    scopes: SCOPES.map(({ scope }) => scope).filter((scope) => scopes.includes(scope)),
    ...(databases.length > 0 && { databases }),
    ...(prefix !== '' && { prefix }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}
