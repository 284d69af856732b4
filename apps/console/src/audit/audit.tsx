import { Anchor, Group } from '@mantine/core';

import { answerOf, control } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { Page } from '../parts/page.js';
import { PagedTable } from '../parts/paged-table.js';
import { Message } from '../parts/screen-state.js';
import { TypedFilter } from '../parts/typed-filter.js';
import { useUrlState } from '../state/url-state.js';
import { AuditRow } from './audit-row.js';

/** Who changed what, the latest in front. */
export function Audit() {
  const [action, setAction] = useUrlState('action');
  const [actor, setActor] = useUrlState('actor');
  const [subject, setSubject] = useUrlState('subject');
  const filter = {
    ...(action !== '' && { action }),
    ...(actor !== '' && { actor }),
    ...(subject !== '' && { subject }),
  };
  const entries = usePages(['audit', filter], (page, signal) =>
    answerOf(control.GET('/v1/audit', { signal, params: { query: { ...filter, ...page } } })),
  );
  const query = new URLSearchParams(filter).toString();
  return (
    <Page
      title="Audit log"
      description="Who changed what, from where, and how it was before."
      actions={
        <Group gap="md">
          <Anchor href={`/v1/audit.csv?${query}`} download="audit.csv" size="sm">
            CSV
          </Anchor>
          <Anchor href={`/v1/audit.jsonl?${query}`} download="audit.jsonl" size="sm">
            JSON lines
          </Anchor>
        </Group>
      }
    >
      <Group align="flex-end">
        <TypedFilter label="Action" placeholder="database.created" value={action} onChange={setAction} />
        <TypedFilter label="Person or key" placeholder="id" value={actor} onChange={setActor} />
        <TypedFilter label="About" placeholder="id" value={subject} onChange={setSubject} />
      </Group>
      <PagedTable
        query={entries}
        itemsOf={(page) => page.entries}
        empty={<Message icon="audit" title="Nothing was changed" text="No entry matches what you ask for." />}
        label="Audit log"
        minWidth={800}
        head={['When', 'What', 'About', 'Who', 'From', '']}
      >
        {(entry) => <AuditRow key={entry.id} entry={entry} onActor={setActor} onSubject={setSubject} />}
      </PagedTable>
    </Page>
  );
}
