import { Button, Group, Stack, TagsInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { ADMINS, useMay } from '../api/session.js';
import { Failure } from '../parts/failure.js';
import { Panel } from '../parts/panel.js';
import { ScreenState } from '../parts/screen-state.js';

const CORS = ['cors'] as const;

/** Whose pages may call the databases from browsers. */
export function CorsSettings() {
  const settings = useQuery({ queryKey: CORS, queryFn: ({ signal }) => answerOf(control.GET('/v1/cors', { signal })) });
  return (
    <Panel title="Browsers" description="Origins of pages that may call your databases with tokens. None: none.">
      <ScreenState query={settings} skeletonRows={1}>
        {({ origins }) => <Form key={origins.join(' ')} origins={origins} />}
      </ScreenState>
    </Panel>
  );
}

function Form({ origins: present }: { readonly origins: string[] }) {
  const [origins, setOrigins] = useState(present);
  const may = useMay(ADMINS);
  const change = useChange(() => answerOf(control.PUT('/v1/cors', { body: { origins } })), {
    reads: CORS,
    told: 'Origins saved.',
  });
  return (
    <Stack>
      <Failure error={change.error} />
      <TagsInput
        label="Origins"
        placeholder="https://app.example.com"
        disabled={!may}
        value={origins}
        onChange={setOrigins}
      />
      <Group>
        <Button onClick={() => change.mutate()} disabled={!may} loading={change.isPending}>
          Save origins
        </Button>
      </Group>
    </Stack>
  );
}
