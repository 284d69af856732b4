import { Badge, Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';

import { answerOf, control } from '../api/control.js';
import { Panel } from '../parts/panel.js';
import { ScreenState } from '../parts/screen-state.js';
import { DisableSecondFactor } from './disable-second-factor.js';
import { EnableSecondFactor } from './enable-second-factor.js';
import { RenewBackupCodes } from './renew-backup-codes.js';
import { SECOND_FACTOR } from './second-factor.js';

/** Whether logging in takes more than the password. */
export function SecondFactorSettings() {
  const [enabling, enable] = useDisclosure(false);
  const [disabling, disable] = useDisclosure(false);
  const [renewing, renew] = useDisclosure(false);
  const state = useQuery({
    queryKey: SECOND_FACTOR,
    queryFn: ({ signal }) => answerOf(control.GET('/v1/second-factor', { signal })),
  });
  return (
    <Panel title="Second factor" description="A code of an authenticator app, beside your password.">
      <ScreenState query={state} skeletonRows={1}>
        {({ enabled, backupCodesLeft }) => (
          <Group>
            <Badge color={enabled ? 'leaf' : 'gray'} variant="light">
              {enabled ? 'on' : 'off'}
            </Badge>
            {enabled ? (
              <>
                <Text size="sm">{backupCodesLeft} backup codes left</Text>
                <Button variant="default" onClick={renew.open}>
                  New backup codes
                </Button>
                <Button variant="outline" color="red" onClick={disable.open}>
                  Turn off
                </Button>
              </>
            ) : (
              <Button onClick={enable.open}>Turn on</Button>
            )}
          </Group>
        )}
      </ScreenState>
      <EnableSecondFactor opened={enabling} onClose={enable.close} />
      <DisableSecondFactor opened={disabling} onClose={disable.close} />
      <RenewBackupCodes opened={renewing} onClose={renew.close} />
    </Panel>
  );
}
