import { Badge, Code, Group, Table, Text } from '@mantine/core';

import { Instant } from '../parts/instant.js';
import { KeyActions } from './key-actions.js';
import { stateOf, type ApiKey } from './key-list.js';
import { textOfPrefix } from './prefix-text.js';

export function KeyRow({ apiKey }: { readonly apiKey: ApiKey }) {
  const { name, lastFour, scopes, databases, prefix64, lastUsedAt, expiresAt, revokedAt, previous } = apiKey;
  const state = stateOf(apiKey, Date.now());
  return (
    <Table.Tr>
      <Table.Td>
        <Text inherit fw={600} maw="16rem" lineClamp={2} title={name}>
          {name}
        </Text>
      </Table.Td>
      <Table.Td>
        <Code>…{lastFour}</Code>
        {previous && (
          <Text size="xs" c="dimmed">
            …{previous.lastFour} until <Instant at={previous.endsAt} />
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Group gap={4}>
          {scopes.map((scope) => (
            <Badge key={scope} variant="light">
              {scope}
            </Badge>
          ))}
        </Group>
      </Table.Td>
      <Table.Td>
        <Text inherit maw="14rem" lineClamp={2}>
          {databases === null ? 'all' : databases.join(', ')}
        </Text>
        {prefix64 !== null && (
          <Text size="xs" c="dimmed">
            keys that begin with {textOfPrefix(prefix64)}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Instant at={lastUsedAt} />
      </Table.Td>
      <Table.Td>
        {state === 'live' ? (
          <Instant at={expiresAt} />
        ) : (
          <>
            <Badge color="gray" variant="light">
              {state}
            </Badge>{' '}
            <Instant at={revokedAt ?? expiresAt} />
          </>
        )}
      </Table.Td>
      <Table.Td>{state === 'live' && <KeyActions apiKey={apiKey} />}</Table.Td>
    </Table.Tr>
  );
}
