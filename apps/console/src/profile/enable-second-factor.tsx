import { Center, PasswordInput, Text, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { CodeBlock } from '../parts/code-block.js';
import { Dialog } from '../parts/dialog.js';
import { Form } from '../parts/form.js';
import { BackupCodes } from './backup-codes.js';
import { QrCode } from './qr-code.js';
import { SECOND_FACTOR } from './second-factor.js';

interface EnableProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function EnableSecondFactor({ opened, onClose }: EnableProps) {
  return (
    <Dialog opened={opened} title="Turn on the second factor" onClose={onClose}>
      <Steps onClose={onClose} />
    </Dialog>
  );
}

/** The password, the secret for the app, and the first code of it. */
function Steps({ onClose }: Pick<EnableProps, 'onClose'>) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const begin = useChange(() => answerOf(control.POST('/v1/second-factor', { body: { password } })));
  const confirm = useChange(
    () => answerOf(control.POST('/v1/second-factor/confirm', { body: { code: code.replaceAll(' ', '') } })),
    { reads: SECOND_FACTOR, told: 'The second factor is on.' },
  );
  if (confirm.data) return <BackupCodes codes={confirm.data.backupCodes} onDone={onClose} />;
  if (!begin.data) {
    return (
      <Form action="Continue" change={begin} isWide onGiven={() => begin.mutate()}>
        <PasswordInput
          label="Your password"
          autoComplete="current-password"
          required
          data-autofocus
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
      </Form>
    );
  }
  const { uri, secret } = begin.data;
  return (
    <Form action="Turn on" change={confirm} isWide onGiven={() => confirm.mutate()}>
      <Text size="sm">Scan this with your authenticator app, or type the secret into it.</Text>
      {uri !== null && (
        <Center>
          <QrCode text={uri} label="Secret of the second factor" />
        </Center>
      )}
      {secret !== null && <CodeBlock code={secret} label="secret" />}
      <TextInput
        label="Code that the app shows"
        autoComplete="one-time-code"
        inputMode="numeric"
        required
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
    </Form>
  );
}
