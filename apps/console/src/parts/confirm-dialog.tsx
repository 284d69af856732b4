import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';

import { Dialog } from './dialog.js';
import { Failure } from './failure.js';

interface ConfirmDialogProps {
  readonly opened: boolean;
  readonly title: string;
  readonly children: ReactNode;
  /** Of the button that does it. */
  readonly action: string;
  /** Of the button that leaves everything as it is. */
  readonly dismissal?: string;
  /** What has to be typed first: the name of what would be lost. */
  readonly typed?: string;
  readonly isBusy: boolean;
  readonly error: Error | null;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before something that is not easily undone. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { opened, title, onClose } = props;
  return (
    <Dialog opened={opened} title={title} onClose={onClose}>
      <Question {...props} />
    </Dialog>
  );
}

function Question({
  children,
  action,
  dismissal = 'Cancel',
  typed,
  isBusy,
  error,
  onConfirm,
  onClose,
}: ConfirmDialogProps) {
  const [text, setText] = useState('');
  const isReady = typed === undefined || text === typed;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) onConfirm();
      }}
    >
      <Stack>
        <Text component="div">{children}</Text>
        {typed !== undefined && (
          <TextInput
            label={`Type ${typed} to confirm`}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
        )}
        <Failure error={error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {dismissal}
          </Button>
          <Button type="submit" color="red" disabled={!isReady} loading={isBusy}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
