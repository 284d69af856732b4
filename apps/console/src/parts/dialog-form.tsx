import { Button, Group, type MantineColor } from '@mantine/core';
import type { ReactNode } from 'react';

import { FormFrame, type Given } from './form.js';

interface DialogFormProps {
  /** Of the button that does it. */
  readonly action: string;
  /** Of that button: red before what is not easily undone. */
  readonly color?: MantineColor | undefined;
  readonly change: Given;
  /** What `change` came to, unless a field tells it: then null. */
  readonly error?: Error | null;
  /** False while something is missing without which it cannot be done. */
  readonly isReady?: boolean;
  readonly onGiven: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** What a dialog asks for, and the two ways to leave it. */
export function DialogForm({ action, color, change, error = change.error, isReady = true, ...form }: DialogFormProps) {
  const { onGiven, onClose, children } = form;
  return (
    <FormFrame error={error} isReady={isReady} onGiven={onGiven}>
      {children}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" color={color} loading={change.isPending} disabled={!isReady}>
          {action}
        </Button>
      </Group>
    </FormFrame>
  );
}
