import { Stepper, Stack } from '@mantine/core';
import { useState } from 'react';

import { useGatewayUrl } from '../api/data-plane.js';
import { ADMINS, useMay } from '../api/session.js';
import { UnknownGateway } from '../database/with-data.js';
import { Page } from '../parts/page.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { useUrlState } from '../state/url-state.js';
import { FirstDatabase } from './first-database.js';
import { FirstKey } from './first-key.js';
import { FirstRequestStep } from './first-request-step.js';

/** The first steps: a database, a key, a request, and that it has arrived. */
export function Start() {
  const [database, setDatabase] = useUrlState('database');
  // In this tab's memory alone: whoever reloads makes another.
  const [apiKey, setApiKey] = useState<string>();
  const gateway = useGatewayUrl();
  const mayStart = useMay(ADMINS);
  const step = database === '' ? 0 : apiKey === undefined ? 1 : 2;
  if (!mayStart) {
    return (
      <Page title="Get started">
        <Message
          icon="key"
          title="This is not for your role"
          text="Owners and admins make API keys. Ask one of them for yours."
        />
      </Page>
    );
  }
  return (
    <Page title="Get started" description="From nothing to a first request in a minute.">
      <ScreenState query={gateway}>
        {(gatewayUrl) => (
          <Stepper active={step} orientation="vertical" allowNextStepsSelect={false}>
            <Stepper.Step
              label="Create a database"
              description={database || 'One for each customer'}
              allowStepSelect={false}
            >
              <FirstDatabase onCreated={setDatabase} />
            </Stepper.Step>
            <Stepper.Step
              label="Create an API key"
              description={apiKey ? 'Shown below, once' : 'For your server'}
              allowStepSelect={false}
            >
              <FirstKey database={database} onCreated={setApiKey} onOther={() => setDatabase('')} />
            </Stepper.Step>
            <Stepper.Step label="Send a request" description="From wherever you are" allowStepSelect={false}>
              <Stack>
                {gatewayUrl === null ? (
                  <UnknownGateway />
                ) : (
                  <FirstRequestStep gatewayUrl={gatewayUrl} database={database} apiKey={apiKey} />
                )}
              </Stack>
            </Stepper.Step>
          </Stepper>
        )}
      </ScreenState>
    </Page>
  );
}
