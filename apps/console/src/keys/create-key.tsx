import { Button, Checkbox, Group, Modal, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { answerOf, control, type Schemas } from '../api/control.js';
import { Problem } from '../api/problem.js';
import { Failure } from '../parts/failure.js';
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
    <Modal opened={opened} onClose={onClose} title="Create an API key" closeButtonProps={{ 'aria-label': 'Close' }}>
      {opened && <Creation onClose={onClose} />}
    </Modal>
  );
}

function Creation({ onClose }: { readonly onClose: () => void }) {
  const [draft, setDraft] = useState(EMPTY);
  const client = useQueryClient();
  const creation = useMutation({
    mutationFn: () => answerOf(control.POST('/v1/keys', { body: bodyOf(draft, Date.now()) })),
    onSuccess: () => client.invalidateQueries({ queryKey: KEYS }),
  });
  if (creation.data) {
    return (
      <Stack>
        <Secret secret={creation.data.key} label="API key" />
        <Button onClick={onClose}>Done</Button>
      </Stack>
    );
  }
  const fields = creation.error instanceof Problem ? creation.error.fields : {};
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        creation.mutate();
      }}
    >
      <Stack>
        <Failure error={creation.error} />
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
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={creation.isPending} disabled={draft.scopes.length === 0}>
            Create key
          </Button>
        </Group>
      </Stack>
    </form>
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
