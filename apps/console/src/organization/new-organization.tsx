import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { useEntry } from '../account/use-entry.js';
import { answerOf, control } from '../api/control.js';
import { Form } from '../parts/form.js';

/** Makes an organization of one's own; the session acts for it from then on. */
export function NewOrganization() {
  const [name, setName] = useState('');
  const [, navigate] = useLocation();
  const make = useEntry(
    async () => {
      const { id } = await answerOf(control.POST('/v1/organizations', { body: { name } }));
      return answerOf(control.POST('/v1/sessions/current/organization', { body: { organizationId: id } }));
    },
    () => navigate('/start'),
  );
  return (
    <Form action="Create organization" change={make} maxWidth="24rem" isWide onGiven={() => make.mutate(undefined)}>
      <TextInput
        label="Name of the organization"
        required
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </Form>
  );
}
