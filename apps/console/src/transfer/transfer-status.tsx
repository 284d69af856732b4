import { Button, Group, Stack, Text } from '@mantine/core';

import classes from './transfer-status.module.css';

interface TransferStatusProps {
  /** Of what the bar tells. */
  readonly label: string;
  /** From 0 to 1; undefined: nobody knows how much there is. */
  readonly share: number | undefined;
  readonly text: string;
  readonly isStopping: boolean;
  readonly onStop: () => void;
}

/** How far it is, and how to end it. */
export function TransferStatus({ label, share, text, isStopping, onStop }: TransferStatusProps) {
  return (
    <Stack>
      <progress className={classes['bar']} aria-label={label} max={1} value={share} />
      <Text size="sm">{text}</Text>
      <Group justify="flex-end">
        {/* The button that was pressed is gone: without this the keyboard would be nowhere. */}
        <Button variant="default" autoFocus disabled={isStopping} onClick={onStop}>
          {isStopping ? 'Stopping…' : 'Cancel'}
        </Button>
      </Group>
    </Stack>
  );
}
