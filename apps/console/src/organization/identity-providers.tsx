import { Button, Code, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { ADMINS, useMay } from '../api/session.js';
import { Panel } from '../parts/panel.js';
import { ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { tellFailure } from '../parts/toasts.js';
import { AddIdentityProvider } from './add-identity-provider.js';
import { IDENTITY_PROVIDERS } from './identity-provider.js';

/** Whose tokens the gateways take as they are. */
export function IdentityProviders() {
  const [adding, dialog] = useDisclosure(false);
  const may = useMay(ADMINS);
  const list = useQuery({
    queryKey: IDENTITY_PROVIDERS,
    queryFn: ({ signal }) => answerOf(control.GET('/v1/identity-providers', { signal })),
  });
  const removal = useChange(
    (name: string) => answerOf(control.DELETE('/v1/identity-providers/{name}', { params: { path: { name } } })),
    { reads: IDENTITY_PROVIDERS, told: 'Its tokens are believed no more.' },
  );
  return (
    <Panel
      title="Identity providers"
      description="Tokens of your own log-in, taken by the databases as they are."
      actions={
        may && (
          <Button variant="default" onClick={dialog.open}>
            Add provider
          </Button>
        )
      }
    >
      <ScreenState
        query={list}
        skeletonRows={2}
        isEmpty={({ identityProviders }) => identityProviders.length === 0}
        empty={<Text size="sm">None.</Text>}
      >
        {({ identityProviders }) => (
          <TableFrame label="Identity providers" head={['Name', 'Issuer', 'Database', 'Bearer begins with', '']}>
            {identityProviders.map(({ id, name, issuer, mapping, bearerPrefix }) => (
              <Table.Tr key={id}>
                <Table.Td>{name}</Table.Td>
                <Table.Td>{issuer}</Table.Td>
                <Table.Td>
                  <Code>{mapping.database}</Code>
                </Table.Td>
                <Table.Td>
                  <Code>{bearerPrefix}</Code>
                </Table.Td>
                <Table.Td>
                  {may && (
                    <Button
                      variant="subtle"
                      color="red"
                      size="compact-sm"
                      aria-label={`Remove ${name}`}
                      onClick={() => removal.mutate(name, { onError: tellFailure })}
                    >
                      Remove
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </TableFrame>
        )}
      </ScreenState>
      <AddIdentityProvider opened={adding} onClose={dialog.close} />
    </Panel>
  );
}
