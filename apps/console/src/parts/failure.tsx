import { Alert } from '@mantine/core';

/** Why what was just tried did not work; nothing while there is nothing to tell. */
export function Failure({ error }: { readonly error: Error | null | undefined }) {
  if (!error) return null;
  return <Alert color="red" role="alert" title={error.message} />;
}
