import { Button, Group, Modal, Stack, TagsInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { Problem } from '../api/problem.js';
import { Failure } from '../parts/failure.js';
import { tell } from '../parts/toasts.js';
import { DATABASES } from './database-list.js';
import { labelsOf } from './labels.js';

export function CreateDatabase({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Create a database" closeButtonProps={{ 'aria-label': 'Close' }}>
      {opened && <Form onClose={onClose} />}
    </Modal>
  );
}

function Form({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const [labels, setLabels] = useState<string[]>([]);
  const [, navigate] = useLocation();
  const client = useQueryClient();
  const creation = useMutation({
    mutationFn: () => answerOf(control.POST('/v1/databases', { body: { name, labels: labelsOf(labels) } })),
    onSuccess: async () => {
      tell(`${name} is there.`);
      onClose();
      await client.invalidateQueries({ queryKey: DATABASES });
      navigate(`/databases/${name}`);
    },
  });
  const isField = creation.error instanceof Problem && Object.keys(creation.error.fields).length > 0;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        creation.mutate();
      }}
    >
      <Stack>
        <Failure error={creation.error} />
        <TextInput
          label="Name"
          description="Lower-case letters, digits, - and _. It is part of addresses."
          required
          data-autofocus
          autoComplete="off"
          spellCheck={false}
          error={isField}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TagsInput
          label="Labels"
          description="To find and group databases by: plan:pro, region:eu."
          placeholder="key:value"
          value={labels}
          onChange={setLabels}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={creation.isPending}>
            Create
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
