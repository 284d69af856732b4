import { Button, Switch } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';

import { ADMINS, useMay } from '../api/session.js';
import { Icon } from '../parts/icon.js';
import { More } from '../parts/more.js';
import { Page } from '../parts/page.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { useUrlState } from '../state/url-state.js';
import { CreateKey } from './create-key.js';
import { stateOf, useKeyList } from './key-list.js';
import { KeyRow } from './key-row.js';

/** The organization's API keys. Their secrets are shown when they are made, and never again. */
export function Keys() {
  const [shown, setShown] = useUrlState('shown');
  const [creating, dialog] = useDisclosure(false);
  const mayCreate = useMay(ADMINS);
  const list = useKeyList();
  const all = shown === 'all';
  return (
    <Page
      title="API keys"
      description="For your servers. Browsers get short-lived tokens that a key makes."
      actions={
        mayCreate && (
          <Button leftSection={<Icon name="plus" />} onClick={dialog.open}>
            Create key
          </Button>
        )
      }
    >
      <ScreenState
        query={list}
        isEmpty={({ pages }) => pages.every(({ keys }) => keys.length === 0)}
        empty={
          <Message
            icon="key"
            title="No keys yet"
            text="A key lets your application use your databases."
            action={<Button onClick={dialog.open}>Create key</Button>}
          />
        }
      >
        {({ pages }) => (
          <>
            <Switch
              label="Show those that have ended too"
              checked={all}
              onChange={({ currentTarget: { checked } }) => setShown(checked ? 'all' : '')}
            />
            <TableFrame
              label="API keys"
              minWidth={860}
              head={['Name', 'Secret', 'Scopes', 'Databases', 'Last used', 'Ends', '']}
            >
              {pages
                .flatMap(({ keys }) => keys)
                .filter((key) => all || stateOf(key, Date.now()) === 'live')
                .map((key) => (
                  <KeyRow key={key.id} apiKey={key} />
                ))}
            </TableFrame>
            <More query={list} />
          </>
        )}
      </ScreenState>
      <CreateKey opened={creating} onClose={dialog.close} />
    </Page>
  );
}
