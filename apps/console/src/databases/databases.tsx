import { Button, Group, SegmentedControl, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';

import { BUILDERS, useMay } from '../api/session.js';
import { Icon } from '../parts/icon.js';
import { Page } from '../parts/page.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TypedFilter } from '../parts/typed-filter.js';
import { useUrlState } from '../state/url-state.js';
import { CreateDatabase } from './create-database.js';
import { useDatabaseList } from './database-list.js';
import { DatabaseRows } from './database-rows.js';
import { DeleteMatching } from './delete-matching.js';
import { SharedDatabases } from './shared-databases.js';

/** All databases of the organization: 100,000 of them are one list, of which only what is in sight is there. */
export function Databases() {
  const [search, setSearch] = useUrlState('search');
  const [label, setLabel] = useUrlState('label');
  const [shown, setShown] = useUrlState('shown');
  const [creating, dialog] = useDisclosure(false);
  const mayCreate = useMay(BUILDERS);
  const deleted = shown === 'deleted';
  const list = useDatabaseList({ search, label, deleted });
  const isFiltered = search !== '' || label !== '';
  return (
    <Page
      title="Databases"
      description="One for each of your customers: isolated, billed and deleted by itself."
      actions={
        mayCreate && (
          <Button leftSection={<Icon name="plus" />} onClick={dialog.open}>
            Create database
          </Button>
        )
      }
    >
      <Group align="flex-end">
        <TypedFilter label="Name begins with" value={search} onChange={setSearch} />
        <TypedFilter label="Label" placeholder="plan:pro" value={label} onChange={setLabel} />
        <SegmentedControl
          aria-label="Which databases"
          value={shown || 'present'}
          onChange={(value) => setShown(value === 'present' ? '' : value)}
          data={[
            { value: 'present', label: 'Present' },
            { value: 'deleted', label: 'Deleted' },
            { value: 'shared', label: 'Shared with us' },
          ]}
        />
        {mayCreate && isFiltered && shown === '' && !list.isError && <DeleteMatching search={search} label={label} />}
      </Group>
      {shown === 'shared' ? (
        <SharedDatabases />
      ) : (
        <ScreenState
          query={list}
          isEmpty={({ pages }) => pages.every(({ databases }) => databases.length === 0)}
          empty={
            <NoDatabases deleted={deleted} isFiltered={isFiltered} onCreate={mayCreate ? dialog.open : undefined} />
          }
        >
          {({ pages }) => <DatabaseRows databases={pages.flatMap(({ databases }) => databases)} list={list} />}
        </ScreenState>
      )}
      <CreateDatabase opened={creating} onClose={dialog.close} />
    </Page>
  );
}

interface NoDatabasesProps {
  readonly deleted: boolean;
  readonly isFiltered: boolean;
  readonly onCreate: (() => void) | undefined;
}

function NoDatabases({ deleted, isFiltered, onCreate }: NoDatabasesProps) {
  if (isFiltered) return <Message icon="search" title="None matches" text="Search for another beginning, or label." />;
  if (deleted) {
    return (
      <Message icon="trash" title="Nothing to have back" text="A database that was deleted waits here for a while." />
    );
  }
  return (
    <Message
      icon="database"
      title="No databases yet"
      text="A database that nobody uses costs nothing: make one for each customer."
      action={
        onCreate ? <Button onClick={onCreate}>Create database</Button> : <Text size="sm">Your role only looks.</Text>
      }
    />
  );
}
