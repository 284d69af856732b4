import { Alert, Stack } from '@mantine/core';

import { CodeBlock } from './code-block.js';

interface SecretProps {
  /** Null: the service does not tell it again. */
  readonly secret: string | null;
  readonly label: string;
}

/** A secret that is shown once: whoever leaves without it has to make another. */
export function Secret({ secret, label }: SecretProps) {
  if (secret === null) return <Alert color="yellow" title="It was shown before. Make another one." />;
  return (
    <Stack gap="xs">
      <CodeBlock code={secret} label={label} />
      <Alert color="yellow" title="Copy it now">
        It is shown here once, and stored nowhere as it is.
      </Alert>
    </Stack>
  );
}
