import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { Dialog } from '../parts/dialog.js';
import { Failure } from '../parts/failure.js';
import { fieldsOf } from '../parts/fields-of.js';
import { Secret } from '../parts/secret.js';
import { WebhookFields, type WebhookDraft } from './webhook-fields.js';
import { WEBHOOKS } from './webhook-list.js';

export function CreateWebhook({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Dialog opened={opened} title="Create a webhook" onClose={onClose}>
      <Form onClose={onClose} />
    </Dialog>
  );
}

function Form({ onClose }: { readonly onClose: () => void }) {
  const [draft, setDraft] = useState<WebhookDraft>({ url: '', description: '', events: [] });
  const creation = useChange(() => answerOf(control.POST('/v1/webhooks', { body: draft })), { reads: WEBHOOKS });
  if (creation.data) {
    return (
      <Stack>
        <Text size="sm">Check the signature of each message with this secret.</Text>
        <Secret secret={creation.data.secret} label="signing secret" />
        <Button onClick={onClose}>Done</Button>
      </Stack>
    );
  }
  const fields = fieldsOf(creation.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        creation.mutate();
      }}
    >
      <Stack>
        {Object.keys(fields).length === 0 && <Failure error={creation.error} />}
        <WebhookFields draft={draft} fields={fields} onChange={setDraft} />
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
