import { Anchor, Button, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { ME } from '../api/query-client.js';
import { Form } from '../parts/form.js';
import { EntranceCard } from './entrance-card.js';
import { useLinkToken } from './link-token.js';

/** Where the mail for a new password leads. Every session of the person ends. */
export function ResetPassword() {
  const token = useLinkToken();
  const client = useQueryClient();
  const [password, setPassword] = useState('');
  const change = useMutation({
    mutationFn: () => answerOf(control.POST('/v1/password-reset', { body: { token, password } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ME }),
  });
  return (
    <EntranceCard title="Choose a new password" text="You are logged out everywhere, and log in with the new one.">
      {change.isSuccess ? (
        <Stack role="status">
          <Text>Your password is changed.</Text>
          <Button component={Link} to="/">
            Log in
          </Button>
        </Stack>
      ) : (
        <Stack>
          <Form action="Change password" change={change} isWide onGiven={() => change.mutate()}>
            <PasswordInput
              label="New password"
              description="At least ten characters."
              name="password"
              autoComplete="new-password"
              required
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
          </Form>
          <Anchor component={Link} to="/forgot-password" size="sm">
            Mail me another link
          </Anchor>
        </Stack>
      )}
    </EntranceCard>
  );
}
