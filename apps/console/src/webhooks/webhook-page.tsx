import { Anchor, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { Page } from '../parts/page.js';
import { ScreenState } from '../parts/screen-state.js';
import { Deliveries } from './deliveries.js';
import { WebhookActions } from './webhook-actions.js';
import { WEBHOOKS } from './webhook-list.js';
import { WebhookSettings } from './webhook-settings.js';
import { WebhookState } from './webhooks.js';

/** One webhook, and what it was sent. */
export function WebhookPage() {
  const { id = '' } = useParams<{ id: string }>();
  const webhook = useQuery({
    queryKey: [...WEBHOOKS, id],
    queryFn: ({ signal }) => answerOf(control.GET('/v1/webhooks/{id}', { signal, params: { path: { id } } })),
  });
  return (
    <Page
      title="Webhook"
      description={
        <Anchor component={Link} to="/webhooks" size="sm">
          All webhooks
        </Anchor>
      }
      actions={webhook.data && <WebhookActions webhook={webhook.data} />}
    >
      <ScreenState query={webhook}>
        {(found) => (
          <>
            <Group gap="xs">
              <WebhookState webhook={found} />
            </Group>
            <WebhookSettings key={JSON.stringify(found)} webhook={found} />
            <Deliveries webhookId={found.id} />
          </>
        )}
      </ScreenState>
    </Page>
  );
}
