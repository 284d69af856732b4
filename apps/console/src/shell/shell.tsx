import { ActionIcon, Alert, Anchor, Drawer, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useEffect, useRef, type ReactNode } from 'react';
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

const CONTENT = 'content';

/** What stands around every screen. */
export function Shell({ me, children }: { readonly me: Me; readonly children: ReactNode }) {
  const [opened, menu] = useDisclosure(false);
  const [path] = useLocation();
  const { close } = menu;
  useEffect(close, [path, close]);
  useArrival(screenOf(path));
  return (
    <div className={classes['shell']}>
      <a href={`#${CONTENT}`} className={classes['skip']}>
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
      <main id={CONTENT} className={classes['content']} tabIndex={-1}>
        {!me.user.emailVerified && <Unverified email={me.user.email} />}
        {me.organization === null && !path.startsWith('/profile') ? <NoOrganization /> : children}
      </main>
    </div>
  );
}

/** A screen and what is open on it; tabs of it are the same screen. */
function screenOf(path: string): string {
  return path.split('/').slice(0, 3).join('/');
}

/** Another screen begins at its top, and with the focus in it, as a page that is loaded does. */
function useArrival(screen: string): void {
  const before = useRef(screen);
  useEffect(() => {
    if (before.current === screen) return;
    before.current = screen;
    window.scrollTo(0, 0);
    document.getElementById(CONTENT)?.focus({ preventScroll: true });
  }, [screen]);
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
