import { Alert, Anchor, Group, Loader, Stack, Tabs, Text } from '@mantine/core';
import { Link } from 'wouter';

import { CodeBlock } from '../parts/code-block.js';
import { Icon } from '../parts/icon.js';
import { Secret } from '../parts/secret.js';
import { useUrlState } from '../state/url-state.js';
import { snippetsOf, type FirstRequest } from './snippets.js';
import { useFirstChange } from './use-first-change.js';

/** The request to copy, and whether it has arrived. */
export function FirstRequestStep(asked: FirstRequest) {
  const [way, setWay] = useUrlState('way');
  const snippets = snippetsOf(asked);
  return (
    <Stack maw="46rem">
      {asked.apiKey !== undefined && <Secret secret={asked.apiKey} label="API key" />}
      <Tabs value={way || 'curl'} onChange={(value) => setWay(value === 'curl' ? '' : (value ?? ''))}>
        <Tabs.List>
          {snippets.map(({ id, name }) => (
            <Tabs.Tab key={id} value={id}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {snippets.map(({ id, name, code }) => (
          <Tabs.Panel key={id} value={id} pt="sm">
            <CodeBlock code={code} label={`${name} snippet`} />
          </Tabs.Panel>
        ))}
      </Tabs>
      <Arrival database={asked.database} />
    </Stack>
  );
}

function Arrival({ database }: { readonly database: string }) {
  const arrived = useFirstChange(database);
  if (arrived === undefined) {
    return (
      <Group gap="xs" role="status">
        <Loader size="xs" />
        <Text size="sm">Waiting for your first request to {database}…</Text>
      </Group>
    );
  }
  return (
    <Alert icon={<Icon name="check" />} title="First request received" role="status">
      It is durable, as version {arrived}.{' '}
      <Anchor component={Link} to={`/databases/${database}`} inherit underline="always">
        Look at your data
      </Anchor>
    </Alert>
  );
}
