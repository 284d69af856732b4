import { Alert, Stack } from '@mantine/core';

import { CodeBlock } from './code-block.js';

/** A secret that is shown once: whoever leaves without it has to make another. */
export function Secret({ secret, label }: { readonly secret: string; readonly label: string }) {
  return (
    <Stack gap="xs">
      <CodeBlock code={secret} label={label} />
      <Alert color="yellow" title="Copy it now">
        It is shown here once, and stored nowhere as it is.
      </Alert>
    </Stack>
  );
}
