import { Badge, Button, Code, Table, Text } from '@mantine/core';

import { useChange } from '../api/change.js';
import { answerOf, control, type Schemas } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { Instant } from '../parts/instant.js';
import { PagedTable } from '../parts/paged-table.js';
import { Panel } from '../parts/panel.js';
import { Message } from '../parts/screen-state.js';
import { tellFailure } from '../parts/toasts.js';
import { WEBHOOKS } from './webhook-list.js';

type Delivery = Schemas['DeliveryPage']['deliveries'][number];

/** Deliveries go out and fail while one looks. */
const REFRESH_MS = 3_000;
const COLOURS: Readonly<Record<string, string>> = { delivered: 'leaf', failed: 'red', waiting: 'yellow' };

/** What a webhook was sent, the latest in front, and what came back. */
export function Deliveries({ webhookId }: { readonly webhookId: string }) {
  const list = usePages(
    [...WEBHOOKS, webhookId, 'deliveries'],
    (page, signal) =>
      answerOf(
        control.GET('/v1/webhooks/{id}/deliveries', {
          signal,
          params: { path: { id: webhookId }, query: page },
        }),
      ),
    { refetchInterval: REFRESH_MS },
  );
  const again = useChange(
    (deliveryId: string) =>
      answerOf(
        control.POST('/v1/webhooks/{id}/deliveries/{deliveryId}/redeliver', {
          params: { path: { id: webhookId, deliveryId } },
        }),
      ),
    { reads: WEBHOOKS, told: 'It is sent again.' },
  );
  return (
    <Panel title="Deliveries" description="Of the last 30 days.">
      <PagedTable
        query={list}
        itemsOf={({ deliveries }) => deliveries}
        empty={<Message icon="webhook" title="Nothing was sent yet" text="Send a test, or change something." />}
        label="Deliveries"
        minWidth={760}
        head={['Event', 'State', 'Answer', 'Attempts', 'When', '']}
      >
        {(delivery) => (
          <DeliveryRow
            key={delivery.id}
            delivery={delivery}
            onAgain={() => again.mutate(delivery.id, { onError: tellFailure })}
          />
        )}
      </PagedTable>
    </Panel>
  );
}

function DeliveryRow({ delivery, onAgain }: { readonly delivery: Delivery; readonly onAgain: () => void }) {
  const { event, messageId, state, status, failure, durationMs, answer, attempts } = delivery;
  return (
    <Table.Tr>
      <Table.Td>
        <Code>{event}</Code>
        <Text size="xs" c="dimmed">
          {messageId}
        </Text>
      </Table.Td>
      <Table.Td>
        <Badge color={COLOURS[state] ?? 'gray'} variant="light">
          {state}
        </Badge>
      </Table.Td>
      <Table.Td>
        {status ?? failure ?? ''}
        {durationMs !== null && ` in ${durationMs} ms`}
        <Text size="xs" c="dimmed" maw="20rem" lineClamp={2}>
          {answer ?? ''}
        </Text>
      </Table.Td>
      <Table.Td>{attempts}</Table.Td>
      <Table.Td>
        <Instant at={delivery.lastAttemptAt ?? delivery.createdAt} />
        {delivery.nextAttemptAt !== null && (
          <Text size="xs" c="dimmed">
            next <Instant at={delivery.nextAttemptAt} />
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Button variant="subtle" size="compact-sm" onClick={onAgain} aria-label={`Send again: ${event}`}>
          Send again
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}
