import { Button, Stack, Text } from '@mantine/core';

import { CodeBlock } from '../parts/code-block.js';

interface BackupCodesProps {
  /** Null: the service does not tell them again. */
  readonly codes: readonly string[] | null;
  readonly onDone: () => void;
}

/** Shown once, to be put on paper. */
export function BackupCodes({ codes, onDone }: BackupCodesProps) {
  return (
    <Stack>
      <Text size="sm">Each of these works once, when your phone is not at hand. Keep them where it is not.</Text>
      <CodeBlock code={(codes ?? []).join('\n')} label="backup codes" />
      <Button onClick={onDone}>I have them</Button>
    </Stack>
  );
}
