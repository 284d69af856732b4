import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode } from 'react';

import { Failure } from './failure.js';

interface DialogFormProps {
  /** Of the button that does it. */
  readonly action: string;
  readonly isBusy: boolean;
  /** Told above the fields; null where a field tells it. */
  readonly error: Error | null;
  /** False while something is missing without which it cannot be done. */
  readonly isReady?: boolean;
  readonly onGiven: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** What a dialog asks for, and the two ways to leave it. */
export function DialogForm({ action, isBusy, error, isReady = true, onGiven, onClose, children }: DialogFormProps) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) onGiven();
      }}
    >
      <Stack>
        <Failure error={error} />
        {children}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isBusy} disabled={!isReady}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
