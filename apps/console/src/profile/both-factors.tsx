import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';

import { proofOf } from '../account/proof.js';
import { Failure } from '../parts/failure.js';

/** The password with a code of the app or a backup code. */
export type Factors = { readonly password: string } & ReturnType<typeof proofOf>;

interface BothFactorsProps {
  readonly action: string;
  readonly isBusy: boolean;
  readonly error: Error | null;
  readonly onGiven: (factors: Factors) => void;
}

/** Asks for both factors before something that weakens them. */
export function BothFactors({ action, isBusy, error, onGiven }: BothFactorsProps) {
  const [password, setPassword] = useState('');
  const [typed, setTyped] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onGiven({ password, ...proofOf(typed) });
      }}
    >
      <Stack>
        <Failure error={error} />
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
        <Button type="submit" loading={isBusy}>
          {action}
        </Button>
      </Stack>
    </form>
  );
}
