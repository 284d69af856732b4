import { Checkbox, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { DialogForm } from '../parts/dialog-form.js';
import { Dialog } from '../parts/dialog.js';
import { IDENTITY_PROVIDERS } from './identity-provider.js';

const MEMBERS = [
  { member: 'name', label: 'Name', placeholder: 'login', isRequired: true },
  { member: 'issuer', label: 'Issuer', placeholder: 'https://login.example.com/', isRequired: true },
  { member: 'audience', label: 'Audience', placeholder: 'my-app', isRequired: true },
  { member: 'jwksUrl', label: 'URL of its keys', placeholder: 'https://login.example.com/jwks.json', isRequired: true },
  { member: 'database', label: 'Database that a token is for', placeholder: 'customer-{org_id}', isRequired: true },
  { member: 'prefix', label: 'Prefix of keys', placeholder: 'users/{sub}/', isRequired: false },
] as const;
type Draft = Readonly<Record<(typeof MEMBERS)[number]['member'], string>>;

const EMPTY: Draft = { name: '', issuer: '', audience: '', jwksUrl: '', database: '', prefix: '' };

interface AddIdentityProviderProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function AddIdentityProvider({ opened, onClose }: AddIdentityProviderProps) {
  return (
    <Dialog opened={opened} title="Add an identity provider" onClose={onClose}>
      <Form onClose={onClose} />
    </Dialog>
  );
}

function Form({ onClose }: { readonly onClose: () => void }) {
  const [draft, setDraft] = useState(EMPTY);
  const [mayWrite, setMayWrite] = useState(false);
  const addition = useChange(() => add(draft, mayWrite), {
    reads: IDENTITY_PROVIDERS,
    told: 'Its tokens are taken from now on.',
    onDone: onClose,
  });
  return (
    <DialogForm action="Add" change={addition} onGiven={() => addition.mutate()} onClose={onClose}>
      {MEMBERS.map(({ member, label, placeholder, isRequired }) => (
        <TextInput
          key={member}
          label={label}
          placeholder={placeholder}
          required={isRequired}
          autoComplete="off"
          spellCheck={false}
          value={draft[member]}
          onChange={({ currentTarget: { value } }) => setDraft({ ...draft, [member]: value })}
        />
      ))}
      <Checkbox
        label="Its tokens may write too"
        checked={mayWrite}
        onChange={(event) => setMayWrite(event.currentTarget.checked)}
      />
    </DialogForm>
  );
}

function add({ name, issuer, audience, jwksUrl, database, prefix }: Draft, mayWrite: boolean) {
  const scopes = mayWrite ? (['data:read', 'data:write'] as const) : (['data:read'] as const);
  const mapping = { database, scopes: [...scopes], ...(prefix !== '' && { prefix }) };
  return answerOf(
    control.PUT('/v1/identity-providers/{name}', {
      params: { path: { name } },
      body: { issuer, audience, jwksUrl, mapping },
    }),
  );
}
