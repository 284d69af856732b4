import { Anchor, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { Form } from '../parts/form.js';
import { fieldsOf } from '../parts/fields-of.js';
import { EntranceCard } from './entrance-card.js';
import { useEntry } from './use-entry.js';

interface Wanted {
  readonly organization: string;
  readonly email: string;
  readonly password: string;
}

/** An account with an organization of its own; then the first steps. */
export function SignUp() {
  const [wanted, setWanted] = useState<Wanted>({ organization: '', email: '', password: '' });
  const [, navigate] = useLocation();
  const entry = useEntry(
    (body: Wanted) => answerOf(control.POST('/v1/signup', { body })),
    () => navigate('/start', { replace: true }),
  );
  const fields = fieldsOf(entry.error);
  return (
    <EntranceCard
      title="Create your account"
      text="A database for each of your customers, in a minute."
      below={
        <>
          Have an account already?{' '}
          <Anchor component={Link} to="/" underline="always">
            Log in
          </Anchor>
        </>
      }
    >
      <Form
        action="Create account"
        change={entry}
        error={Object.keys(fields).length === 0 ? entry.error : null}
        isWide
        onGiven={() => entry.mutate(wanted)}
      >
        <TextInput
          label="Organization"
          description="Yours or your company’s. It can be renamed."
          name="organization"
          autoComplete="organization"
          required
          error={fields['organization']}
          value={wanted.organization}
          onChange={({ currentTarget: { value: organization } }) => setWanted({ ...wanted, organization })}
        />
        <TextInput
          label="E-mail address"
          type="email"
          name="email"
          autoComplete="username"
          required
          error={fields['email']}
          value={wanted.email}
          onChange={({ currentTarget: { value: email } }) => setWanted({ ...wanted, email })}
        />
        <PasswordInput
          label="Password"
          description="At least ten characters."
          name="password"
          autoComplete="new-password"
          required
          error={fields['password']}
          value={wanted.password}
          onChange={({ currentTarget: { value: password } }) => setWanted({ ...wanted, password })}
        />
      </Form>
    </EntranceCard>
  );
}
