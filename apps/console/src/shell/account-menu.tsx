import { ActionIcon, Menu } from '@mantine/core';
import { useLocation } from 'wouter';

import { useEntry } from '../account/use-entry.js';
import { answerOf, control } from '../api/control.js';
import type { Me } from '../api/session.js';
import { Icon } from '../parts/icon.js';
import { tellFailure } from '../parts/toasts.js';

/** Who is here, and the way out. */
export function AccountMenu({ me }: { readonly me: Me }) {
  const [, navigate] = useLocation();
  const leave = useEntry(
    () => answerOf(control.POST('/v1/logout')),
    () => navigate('/'),
  );
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label="Account" loading={leave.isPending}>
          <Icon name="person" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.user.email}</Menu.Label>
        <Menu.Item leftSection={<Icon name="person" />} onClick={() => navigate('/profile')}>
          Profile
        </Menu.Item>
        <Menu.Item
          leftSection={<Icon name="leave" />}
          onClick={() => leave.mutate(undefined, { onError: tellFailure })}
        >
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
