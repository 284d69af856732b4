import { Badge, Button, Group, Text } from '@mantine/core';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { useSignedIn } from '../api/session.js';
import { Failure } from '../parts/failure.js';
import { Page } from '../parts/page.js';
import { Panel } from '../parts/panel.js';
import { ChangePassword } from './change-password.js';
import { SecondFactorSettings } from './second-factor-settings.js';
import { SecurityLog } from './security-log.js';
import { Sessions } from './sessions.js';

/** Of the person who is logged in, whatever organization they act for. */
export function Profile() {
  const { user } = useSignedIn();
  const mail = useChange(() => answerOf(control.POST('/v1/email-verification/mail')), {
    told: 'The mail is on its way.',
  });
  return (
    <Page title="Profile" description="Of you alone, in every organization.">
      <Panel title="E-mail address">
        <Group>
          <Text>{user.email}</Text>
          <Badge color={user.emailVerified ? 'leaf' : 'yellow'} variant="light">
            {user.emailVerified ? 'confirmed' : 'not confirmed'}
          </Badge>
          {!user.emailVerified && (
            <Button size="compact-sm" variant="light" onClick={() => mail.mutate()} loading={mail.isPending}>
              Mail me the link again
            </Button>
          )}
        </Group>
        <Failure error={mail.error} />
      </Panel>
      <ChangePassword />
      <SecondFactorSettings />
      <Sessions />
      <SecurityLog />
    </Page>
  );
}
