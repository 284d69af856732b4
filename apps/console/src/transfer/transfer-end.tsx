import { Button, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

import { Failure } from '../parts/failure.js';

interface TransferEndProps {
  /** Whether all is done. */
  readonly isWhole: boolean;
  /** Why it did not come to its end; undefined: it did, or was stopped. */
  readonly error: Error | undefined;
  /** What has been done by now. */
  readonly children: ReactNode;
  /** Undefined: there is nothing to go on with. */
  readonly onGoOn: (() => void) | undefined;
  readonly onClose: () => void;
}

/** What it came to. */
export function TransferEnd({ isWhole, error, children, onGoOn, onClose }: TransferEndProps) {
  return (
    <Stack>
      <Failure error={error} />
      <Text component="div" size="sm">
        {children}
      </Text>
      <Group justify="flex-end">
        <Button variant="default" autoFocus={onGoOn === undefined} onClick={onClose}>
          {isWhole ? 'Done' : 'Close'}
        </Button>
        {onGoOn && (
          <Button autoFocus onClick={onGoOn}>
            Go on
          </Button>
        )}
      </Group>
    </Stack>
  );
}
