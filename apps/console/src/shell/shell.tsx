import { ActionIcon, Alert, Anchor, Drawer, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useEffect, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';

import type { Me } from '../api/session.js';
import { Icon } from '../parts/icon.js';
import { AccountMenu } from './account-menu.js';
import { ColorSchemeSwitch } from './color-scheme-switch.js';
import { Mark } from './mark.js';
import { Navigation } from './navigation.js';
import { NoOrganization } from './no-organization.js';
import { OrganizationSwitch } from './organization-switch.js';
import classes from './shell.module.css';

/** What stands around every screen. */
export function Shell({ me, children }: { readonly me: Me; readonly children: ReactNode }) {
  const [opened, menu] = useDisclosure(false);
  const [path] = useLocation();
  const { close } = menu;
  useEffect(close, [path, close]);
  return (
    <div className={classes['shell']}>
      <a href="#content" className={classes['skip']}>
        Skip to the content
      </a>
      <header className={classes['header']}>
        <Group gap="xs" wrap="nowrap">
          <ActionIcon
            className={classes['burger'] ?? ''}
            variant="subtle"
            color="gray"
            onClick={menu.open}
            aria-label="Open the navigation"
          >
            <Icon name="menu" />
          </ActionIcon>
          <Anchor component={Link} to="/" underline="never" c="inherit" aria-label="Leasehold, to the beginning">
            <Mark />
          </Anchor>
        </Group>
        <Group gap="xs" wrap="nowrap" className={classes['tools'] ?? ''}>
          <OrganizationSwitch me={me} />
          <ColorSchemeSwitch />
          <AccountMenu me={me} />
        </Group>
      </header>
      <nav className={classes['navigation']} aria-label="Main">
        <Navigation me={me} />
      </nav>
      <Drawer
        opened={opened}
        onClose={close}
        title={<Mark />}
        size="18rem"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <nav aria-label="Main">
          <Navigation me={me} />
        </nav>
      </Drawer>
      <main id="content" className={classes['content']} tabIndex={-1}>
        {!me.user.emailVerified && <Unverified email={me.user.email} />}
        {me.organization === null && !path.startsWith('/profile') ? <NoOrganization /> : children}
      </main>
    </div>
  );
}

function Unverified({ email }: { readonly email: string }) {
  return (
    <Alert color="yellow" mb="lg" className={classes['notice'] ?? ''}>
      Confirm {email} by the link that we mailed you, to be able to invite others.{' '}
      <Anchor component={Link} to="/profile" inherit underline="always">
        Mail it again
      </Anchor>
    </Alert>
  );
}
