import { TagsInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { DialogForm } from '../parts/dialog-form.js';
import { Dialog } from '../parts/dialog.js';
import { fieldsOf } from '../parts/fields-of.js';
import { tell } from '../parts/toasts.js';
import { DATABASES } from './database-list.js';
import { labelsOf } from './labels.js';

export function CreateDatabase({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Dialog opened={opened} title="Create a database" onClose={onClose}>
      <Form onClose={onClose} />
    </Dialog>
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
  const isField = Object.keys(fieldsOf(creation.error)).length > 0;
  return (
    <DialogForm action="Create" change={creation} onGiven={() => creation.mutate()} onClose={onClose}>
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
    </DialogForm>
  );
}
