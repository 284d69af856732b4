import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { answerOf, control } from '../api/control.js';
import { DATABASES, useDatabaseList } from '../databases/database-list.js';
import { Form } from '../parts/form.js';

/** Enough to choose from here; the others are found on their own page. */
const OFFERED = 5;

/** Makes the first database, or takes one that is there. */
export function FirstDatabase({ onCreated }: { readonly onCreated: (name: string) => void }) {
  const [name, setName] = useState('customer-1');
  const client = useQueryClient();
  const present = useDatabaseList({ search: '', label: '', deleted: false });
  const creation = useMutation({
    mutationFn: () => answerOf(control.POST('/v1/databases', { body: { name } })),
    onSuccess: () => {
      onCreated(name);
      return client.invalidateQueries({ queryKey: DATABASES });
    },
  });
  const offered = present.data?.pages[0]?.databases.slice(0, OFFERED) ?? [];
  return (
    <Stack maw="28rem">
      <Form action="Create database" change={creation} onGiven={() => creation.mutate()}>
        <TextInput
          label="Name"
          description="Lower-case letters, digits, - and _."
          required
          autoComplete="off"
          spellCheck={false}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      </Form>
      {offered.length > 0 && (
        <Group gap="xs">
          <Text size="sm" c="dimmed">
            Or take
          </Text>
          {offered.map((database) => (
            <Button
              key={database.id}
              size="compact-sm"
              variant="default"
              maw="100%"
              title={database.name}
              onClick={() => onCreated(database.name)}
            >
              <Text span inherit truncate>
                {database.name}
              </Text>
            </Button>
          ))}
        </Group>
      )}
    </Stack>
  );
}
