import { Button, Menu, Text } from '@mantine/core';
import { useLocation } from 'wouter';

import { useEntry } from '../account/use-entry.js';
import { answerOf, control } from '../api/control.js';
import type { Me } from '../api/session.js';
import { Icon } from '../parts/icon.js';
import { tell } from '../parts/toasts.js';
import classes from './organization-switch.module.css';

/** For which organization this session acts, and to another one. */
export function OrganizationSwitch({ me }: { readonly me: Me }) {
  const [, navigate] = useLocation();
  const change = useEntry(
    (organizationId: string) =>
      answerOf(control.POST('/v1/sessions/current/organization', { body: { organizationId } })),
    () => navigate('/databases'),
  );
  const present = me.organization;
  return (
    <Menu position="bottom-end" width={280}>
      <Menu.Target>
        <Button
          variant="default"
          className={classes['button'] ?? ''}
          rightSection={<Icon name="down" size={14} />}
          loading={change.isPending}
          aria-label={`Organization ${present?.name ?? 'none'}: change`}
        >
          <span className={classes['name']}>{present?.name ?? 'No organization'}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Organizations</Menu.Label>
        {me.organizations.map(({ id, name, role }) => (
          <Menu.Item
            key={id}
            leftSection={id === present?.id ? <Icon name="check" /> : <Icon name="tenants" />}
            onClick={() =>
              id !== present?.id && change.mutate(id, { onSuccess: () => tell(`You act for ${name} now.`) })
            }
          >
            {name}
            <Text size="xs" c="dimmed">
              {role}
            </Text>
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="plus" />} onClick={() => navigate('/settings/new-organization')}>
          New organization
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
