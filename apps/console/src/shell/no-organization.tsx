import { Stack } from '@mantine/core';

import { NewOrganization } from '../organization/new-organization.js';
import { Message } from '../parts/screen-state.js';

/** For whoever belongs to none: theirs was left, or never was. */
export function NoOrganization() {
  return (
    <Stack align="center">
      <Message
        icon="tenants"
        title="You belong to no organization"
        text="Databases belong to organizations. Make one, or ask somebody to invite you."
      />
      <NewOrganization />
    </Stack>
  );
}
