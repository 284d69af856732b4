import { Alert, Anchor, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { Form } from '../parts/form.js';
import { EntranceCard } from './entrance-card.js';

/** Asks for the mail that resets a password; whether the address has an account is told to nobody. */
export function ForgotPassword() {
  const [email, setEmail] = useState('');
  const mail = useMutation({
    mutationFn: () => answerOf(control.POST('/v1/password-reset/mail', { body: { email } })),
  });
  return (
    <EntranceCard
      title="Reset your password"
      text="We mail you a link, which works once and for an hour."
      below={
        <Anchor component={Link} to="/">
          Back to the log-in
        </Anchor>
      }
    >
      {mail.isSuccess ? (
        <Alert title="Look into your mail" role="status">
          If {email} has an account, a link is on its way.
        </Alert>
      ) : (
        <Form action="Mail me a link" change={mail} isWide onGiven={() => mail.mutate()}>
          <TextInput
            label="E-mail address"
            type="email"
            name="email"
            autoComplete="username"
            required
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
        </Form>
      )}
    </EntranceCard>
  );
}
