import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answerOf, control } from '../api/control.js';
import { KEYS } from '../keys/key-list.js';
import { Failure } from '../parts/failure.js';

interface FirstKeyProps {
  readonly database: string;
  readonly onCreated: (apiKey: string) => void;
  readonly onOther: () => void;
}

/** Makes a key that reads and writes the data of all databases. */
export function FirstKey({ database, onCreated, onOther }: FirstKeyProps) {
  const client = useQueryClient();
  const creation = useMutation({
    mutationFn: () =>
      answerOf(control.POST('/v1/keys', { body: { name: 'First key', scopes: ['data:read', 'data:write'] } })),
    onSuccess: ({ key }) => {
      if (key !== null) onCreated(key);
      return client.invalidateQueries({ queryKey: KEYS });
    },
  });
  return (
    <Stack maw="34rem">
      <Failure error={creation.error} />
      <Text size="sm">
        Your application shows a key with each request. This one may read and write <strong>{database}</strong> and your
        other databases; you can make narrower ones later.
      </Text>
      <Group>
        <Button onClick={() => creation.mutate()} loading={creation.isPending}>
          Create key
        </Button>
        <Anchor component="button" type="button" size="sm" onClick={onOther}>
          Another database
        </Anchor>
      </Group>
    </Stack>
  );
}
