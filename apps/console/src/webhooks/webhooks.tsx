import { Anchor, Badge, Button, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link } from 'wouter';

import { ADMINS, useMay } from '../api/session.js';
import { Icon } from '../parts/icon.js';
import { Instant } from '../parts/instant.js';
import { Page } from '../parts/page.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { CreateWebhook } from './create-webhook.js';
import { useWebhookList, type Webhook } from './webhook-list.js';

/** Where the organization is told what happens in it. */
export function Webhooks() {
  const [creating, dialog] = useDisclosure(false);
  const may = useMay(ADMINS);
  const list = useWebhookList();
  return (
    <Page
      title="Webhooks"
      description="What happens here, sent to a server of yours, signed."
      actions={
        may && (
          <Button leftSection={<Icon name="plus" />} onClick={dialog.open}>
            Create webhook
          </Button>
        )
      }
    >
      <ScreenState
        query={list}
        isEmpty={({ webhooks }) => webhooks.length === 0}
        empty={
          <Message
            icon="webhook"
            title="No webhooks yet"
            text="Each change of databases, keys, people and settings can be told to a URL of yours."
            action={<Button onClick={dialog.open}>Create webhook</Button>}
          />
        }
      >
        {({ webhooks }) => (
          <TableFrame label="Webhooks" head={['URL', 'Events', 'State', 'Created']}>
            {webhooks.map((webhook) => (
              <Table.Tr key={webhook.id}>
                <Table.Td>
                  <Anchor component={Link} to={`/webhooks/${webhook.id}`}>
                    {webhook.url}
                  </Anchor>
                  <Text size="xs" c="dimmed">
                    {webhook.description}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Text inherit maw="18rem" lineClamp={2}>
                    {webhook.events.length === 0 ? 'all' : webhook.events.join(', ')}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <WebhookState webhook={webhook} />
                </Table.Td>
                <Table.Td>
                  <Instant at={webhook.createdAt} />
                </Table.Td>
              </Table.Tr>
            ))}
          </TableFrame>
        )}
      </ScreenState>
      <CreateWebhook opened={creating} onClose={dialog.close} />
    </Page>
  );
}

export function WebhookState({ webhook: { enabled, failingSince } }: { readonly webhook: Webhook }) {
  if (!enabled) {
    return (
      <Badge color="gray" variant="light">
        disabled
      </Badge>
    );
  }
  if (failingSince === null) return <Badge variant="light">enabled</Badge>;
  return (
    <>
      <Badge color="red" variant="light">
        failing
      </Badge>{' '}
      since <Instant at={failingSince} />
    </>
  );
}
