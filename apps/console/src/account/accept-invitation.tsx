import { Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { useMe } from '../api/session.js';
import { Failure } from '../parts/failure.js';
import { Loading } from '../parts/screen-state.js';
import { EntranceCard } from './entrance-card.js';
import { useLinkToken } from './link-token.js';
import { useEntry } from './use-entry.js';

/** Where an invitation leads: joined with the account that is logged in, or with a new one of the invited address. */
export function AcceptInvitation() {
  const token = useLinkToken();
  const me = useMe();
  const decline = useMutation({
    mutationFn: () => answerOf(control.POST('/v1/invitations/decline', { body: { token } })),
  });
  if (decline.isSuccess) {
    return (
      <EntranceCard title="Declined">
        <Text role="status">Nobody is told more than that. You can close this page.</Text>
      </EntranceCard>
    );
  }
  return (
    <EntranceCard title="You are invited" text="Somebody wants you in their organization at Leasehold.">
      <Failure error={decline.error} />
      {me.isPending && <Loading rows={2} />}
      {me.data && <AcceptAsMyself token={token} email={me.data.user.email} />}
      {me.data === null && <AcceptAnew token={token} />}
      <Group justify="center">
        <Button variant="subtle" color="gray" onClick={() => decline.mutate()} loading={decline.isPending}>
          Decline
        </Button>
      </Group>
    </EntranceCard>
  );
}

function AcceptAsMyself({ token, email }: { readonly token: string; readonly email: string }) {
  const [, navigate] = useLocation();
  const accept = useEntry(
    () => answerOf(control.POST('/v1/invitations/accept', { body: { token } })),
    () => navigate('/databases'),
  );
  return (
    <Stack>
      <Failure error={accept.error} />
      <Text size="sm">
        You are logged in as <strong>{email}</strong>.
      </Text>
      <Button onClick={() => accept.mutate(undefined)} loading={accept.isPending}>
        Accept
      </Button>
    </Stack>
  );
}

function AcceptAnew({ token }: { readonly token: string }) {
  const [, navigate] = useLocation();
  const [isKnown, setIsKnown] = useState(false);
  const [wanted, setWanted] = useState({ email: '', password: '' });
  const accept = useEntry(
    async (body: typeof wanted) => {
      if (!isKnown) return answerOf(control.POST('/v1/signup', { body: { ...body, invitation: token } }));
      await answerOf(control.POST('/v1/login', { body }));
      return answerOf(control.POST('/v1/invitations/accept', { body: { token } }));
    },
    () => navigate('/databases'),
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        accept.mutate(wanted);
      }}
    >
      <Stack>
        <Failure error={accept.error} />
        <TextInput
          label="E-mail address"
          description="The one that was invited."
          type="email"
          name="email"
          autoComplete="username"
          required
          value={wanted.email}
          onChange={({ currentTarget: { value: email } }) => setWanted({ ...wanted, email })}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete={isKnown ? 'current-password' : 'new-password'}
          required
          value={wanted.password}
          onChange={({ currentTarget: { value: password } }) => setWanted({ ...wanted, password })}
        />
        <Button type="submit" loading={accept.isPending}>
          {isKnown ? 'Log in and accept' : 'Create account and accept'}
        </Button>
        <Button variant="subtle" onClick={() => setIsKnown(!isKnown)}>
          {isKnown ? 'I have no account yet' : 'I have an account'}
        </Button>
      </Stack>
    </form>
  );
}
