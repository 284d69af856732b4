import { Switch } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { Form } from '../parts/form.js';
import { fieldsOf } from '../parts/fields-of.js';
import { Panel } from '../parts/panel.js';
import { WebhookFields, type WebhookDraft } from './webhook-fields.js';
import { WEBHOOKS, type Webhook } from './webhook-list.js';

export function WebhookSettings({ webhook }: { readonly webhook: Webhook }) {
  const { id, url, description, events } = webhook;
  const [draft, setDraft] = useState<WebhookDraft>({ url, description, events });
  const [enabled, setEnabled] = useState(webhook.enabled);
  const change = useChange(
    () => answerOf(control.PATCH('/v1/webhooks/{id}', { params: { path: { id } }, body: { ...draft, enabled } })),
    { reads: WEBHOOKS, told: 'Webhook saved.' },
  );
  return (
    <Panel title="Settings">
      <Form action="Save" change={change} maxWidth="38rem" onGiven={() => change.mutate()}>
        <WebhookFields draft={draft} fields={fieldsOf(change.error)} onChange={setDraft} />
        <Switch label="Enabled" checked={enabled} onChange={(event) => setEnabled(event.currentTarget.checked)} />
      </Form>
    </Panel>
  );
}
