import { Anchor, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { Form } from '../parts/form.js';
import { challengeOf, type Credentials } from './credentials.js';
import { EntranceCard } from './entrance-card.js';
import { SecondFactor } from './second-factor.js';
import { useEntry } from './use-entry.js';

/** Shown wherever a session is wanted and there is none; the address stays, so that one arrives where one wanted to go. */
export function LogIn() {
  const [credentials, setCredentials] = useState<Credentials>({ email: '', password: '' });
  const entry = useEntry((body: Credentials) => answerOf(control.POST('/v1/login', { body })));
  const challenge = challengeOf(entry.error);
  if (challenge !== undefined) return <SecondFactor challenge={challenge} onBack={() => entry.reset()} />;
  return (
    <EntranceCard
      title="Log in"
      below={
        <>
          New here?{' '}
          <Anchor component={Link} to="/sign-up" underline="always">
            Create an account
          </Anchor>
        </>
      }
    >
      <Form action="Log in" change={entry} isWide onGiven={() => entry.mutate(credentials)}>
        <TextInput
          label="E-mail address"
          type="email"
          name="email"
          autoComplete="username"
          required
          value={credentials.email}
          onChange={({ currentTarget: { value: email } }) => setCredentials({ ...credentials, email })}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          value={credentials.password}
          onChange={({ currentTarget: { value: password } }) => setCredentials({ ...credentials, password })}
        />
      </Form>
      <Anchor component={Link} to="/forgot-password" size="sm">
        Forgot your password?
      </Anchor>
    </EntranceCard>
  );
}
