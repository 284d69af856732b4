import { ActionIcon, Menu } from '@mantine/core';
import { useState } from 'react';

import { ADMINS, useMay } from '../api/session.js';
import { Icon } from '../parts/icon.js';
import type { ApiKey } from './key-list.js';
import { EndPrevious } from './end-previous.js';
import { RevokeKey } from './revoke-key.js';
import { RotateKey } from './rotate-key.js';

type Action = 'rotate' | 'end-previous' | 'revoke';

export function KeyActions({ apiKey }: { readonly apiKey: ApiKey }) {
  const [action, setAction] = useState<Action>();
  const close = () => setAction(undefined);
  if (!useMay(ADMINS)) return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`Change ${apiKey.name}`}>
            <Icon name="settings" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<Icon name="refresh" />}
            disabled={apiKey.previous !== null}
            onClick={() => setAction('rotate')}
          >
            Rotate
          </Menu.Item>
          {apiKey.previous !== null && (
            <Menu.Item leftSection={<Icon name="close" />} onClick={() => setAction('end-previous')}>
              End the previous secret
            </Menu.Item>
          )}
          <Menu.Item color="red" leftSection={<Icon name="trash" />} onClick={() => setAction('revoke')}>
            Revoke
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <RotateKey apiKey={apiKey} opened={action === 'rotate'} onClose={close} />
      <EndPrevious apiKey={apiKey} opened={action === 'end-previous'} onClose={close} />
      <RevokeKey apiKey={apiKey} opened={action === 'revoke'} onClose={close} />
    </>
  );
}
