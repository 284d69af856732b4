import { Anchor, TextInput } from '@mantine/core';
import { useState } from 'react';

import { answerOf, control } from '../api/control.js';
import { Form } from '../parts/form.js';
import { EntranceCard } from './entrance-card.js';
import { proofOf } from './proof.js';
import { useEntry } from './use-entry.js';

interface SecondFactorProps {
  readonly challenge: string;
  readonly onBack: () => void;
  readonly onEntered?: () => void;
}

/** The second step of a log-in. */
export function SecondFactor({ challenge, onBack, onEntered }: SecondFactorProps) {
  const [typed, setTyped] = useState('');
  const entry = useEntry(
    (text: string) => answerOf(control.POST('/v1/login/second-factor', { body: { challenge, ...proofOf(text) } })),
    onEntered,
  );
  return (
    <EntranceCard
      title="Second factor"
      text="The six digits that your authenticator app shows, or one of your backup codes."
      below={
        <Anchor component="button" type="button" onClick={onBack}>
          Back to the log-in
        </Anchor>
      }
    >
      <Form action="Continue" change={entry} isWide onGiven={() => entry.mutate(typed)}>
        <TextInput
          label="Code"
          name="code"
          autoComplete="one-time-code"
          required
          autoFocus
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      </Form>
    </EntranceCard>
  );
}
