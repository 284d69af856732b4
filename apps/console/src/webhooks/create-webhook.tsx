import { Button, Stack, Text } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { DialogForm } from '../parts/dialog-form.js';
import { Dialog } from '../parts/dialog.js';
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
    <DialogForm
      action="Create"
      change={creation}
      error={Object.keys(fields).length === 0 ? creation.error : null}
      onGiven={() => creation.mutate()}
      onClose={onClose}
    >
      <WebhookFields draft={draft} fields={fields} onChange={setDraft} />
    </DialogForm>
  );
}
