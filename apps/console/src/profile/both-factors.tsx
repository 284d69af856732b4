import { PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';

import { proofOf } from '../account/proof.js';
import { Form, type Given } from '../parts/form.js';

/** The password with a code of the app or a backup code. */
export type Factors = { readonly password: string } & ReturnType<typeof proofOf>;

interface BothFactorsProps {
  readonly action: string;
  readonly change: Given;
  readonly onGiven: (factors: Factors) => void;
}

/** Asks for both factors before something that weakens them. */
export function BothFactors({ action, change, onGiven }: BothFactorsProps) {
  const [password, setPassword] = useState('');
  const [typed, setTyped] = useState('');
  return (
    <Form action={action} change={change} isWide onGiven={() => onGiven({ password, ...proofOf(typed) })}>
      <PasswordInput
        label="Your password"
        autoComplete="current-password"
        required
        data-autofocus
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <TextInput
        label="Code"
        description="Of your authenticator app, or a backup code."
        autoComplete="one-time-code"
        required
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
    </Form>
  );
}
