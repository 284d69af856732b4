import { PasswordInput, Switch } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { Problem } from '../api/problem.js';
import { Form } from '../parts/form.js';
import { Panel } from '../parts/panel.js';
import { SESSIONS } from './sessions.js';

interface Draft {
  readonly currentPassword: string;
  readonly newPassword: string;
  readonly revokeOtherSessions: boolean;
}

const EMPTY: Draft = { currentPassword: '', newPassword: '', revokeOtherSessions: true };

export function ChangePassword() {
  const [draft, setDraft] = useState(EMPTY);
  const change = useChange(changePassword, {
    reads: SESSIONS,
    told: 'Your password is changed.',
    onDone: () => setDraft(EMPTY),
  });
  return (
    <Panel title="Password">
      <Form action="Change password" change={change} maxWidth="24rem" onGiven={() => change.mutate(draft)}>
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          required
          value={draft.currentPassword}
          onChange={({ currentTarget: { value: currentPassword } }) => setDraft({ ...draft, currentPassword })}
        />
        <PasswordInput
          label="New password"
          description="At least ten characters."
          autoComplete="new-password"
          required
          value={draft.newPassword}
          onChange={({ currentTarget: { value: newPassword } }) => setDraft({ ...draft, newPassword })}
        />
        <Switch
          label="End my other sessions"
          checked={draft.revokeOtherSessions}
          onChange={({ currentTarget: { checked } }) => setDraft({ ...draft, revokeOtherSessions: checked })}
        />
      </Form>
    </Panel>
  );
}

/** A route beside the document of the API: docs/accounts.md. @throws Problem */
async function changePassword(body: Draft): Promise<void> {
  const response = await fetch('/api/auth/change-password', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => {
    throw Problem.unreachable();
  });
  if (!response.ok) throw Problem.of(response.status, await response.json().catch(() => undefined));
}
