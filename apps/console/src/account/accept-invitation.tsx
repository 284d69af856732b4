import { Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { useMe } from '../api/session.js';
import { Failure } from '../parts/failure.js';
import { Form, type Given } from '../parts/form.js';
import { Loading } from '../parts/screen-state.js';
import { challengeOf, type Credentials } from './credentials.js';
import { EntranceCard } from './entrance-card.js';
import { useLinkToken } from './link-token.js';
import { SecondFactor } from './second-factor.js';
import { useEntry } from './use-entry.js';

/** Where an invitation leads: joined with the account that is or gets logged in, or with a new one of the invited address. */
export function AcceptInvitation() {
  const token = useLinkToken();
  const me = useMe();
  const [, navigate] = useLocation();
  const arrive = () => navigate('/databases');
  const decline = useMutation({
    mutationFn: () => answerOf(control.POST('/v1/invitations/decline', { body: { token } })),
  });
  const accept = useEntry(() => answerOf(control.POST('/v1/invitations/accept', { body: { token } })), arrive);
  const logIn = useEntry(
    (body: Credentials) => answerOf(control.POST('/v1/login', { body })),
    () => accept.mutate(undefined),
  );
  const signUp = useEntry(
    (body: Credentials) => answerOf(control.POST('/v1/signup', { body: { ...body, invitation: token } })),
    arrive,
  );
  const challenge = challengeOf(logIn.error);
  if (challenge !== undefined) {
    return (
      <SecondFactor
        challenge={challenge}
        onBack={() => logIn.reset()}
        onEntered={() => {
          logIn.reset();
          accept.mutate(undefined);
        }}
      />
    );
  }
  if (decline.isSuccess) {
    return (
      <EntranceCard title="Declined">
        <Text role="status">Nobody is told more than that. You can close this page.</Text>
      </EntranceCard>
    );
  }
  return (
    <EntranceCard title="You are invited" text="Somebody wants you in their organization at Leasehold.">
      <Failure error={decline.error ?? accept.error} />
      {me.isPending && <Loading rows={2} />}
      {me.data && (
        <Stack>
          <Text size="sm">
            You are logged in as <strong>{me.data.user.email}</strong>.
          </Text>
          <Button onClick={() => accept.mutate(undefined)} loading={accept.isPending}>
            Accept
          </Button>
        </Stack>
      )}
      {me.data === null && (
        <EntryForm
          change={{ isPending: logIn.isPending || signUp.isPending, error: logIn.error ?? signUp.error }}
          onGiven={(credentials, isKnown) => (isKnown ? logIn : signUp).mutate(credentials)}
          onSwitch={() => {
            logIn.reset();
            signUp.reset();
          }}
        />
      )}
      <Group justify="center">
        <Button variant="subtle" color="gray" onClick={() => decline.mutate()} loading={decline.isPending}>
          Decline
        </Button>
      </Group>
    </EntranceCard>
  );
}

interface EntryFormProps {
  readonly change: Given;
  /** @param isKnown to be logged in; else an account is made */
  readonly onGiven: (credentials: Credentials, isKnown: boolean) => void;
  /** The other of the two is wanted: what was refused of the one is of no interest any more. */
  readonly onSwitch: () => void;
}

/** For who is not logged in: an account, or the one there is. */
function EntryForm({ change, onGiven, onSwitch }: EntryFormProps) {
  const [isKnown, setIsKnown] = useState(false);
  const [wanted, setWanted] = useState<Credentials>({ email: '', password: '' });
  return (
    <Stack>
      <Form
        action={isKnown ? 'Log in and accept' : 'Create account and accept'}
        change={change}
        isWide
        onGiven={() => onGiven(wanted, isKnown)}
      >
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
      </Form>
      <Button
        variant="subtle"
        onClick={() => {
          setIsKnown(!isKnown);
          onSwitch();
        }}
      >
        {isKnown ? 'I have no account yet' : 'I have an account'}
      </Button>
    </Stack>
  );
}
