import { Anchor, Group } from '@mantine/core';

import { answerOf, control } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { More } from '../parts/more.js';
import { Page } from '../parts/page.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
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
      <ScreenState
        query={entries}
        isEmpty={({ pages }) => pages[0]?.entries.length === 0}
        empty={<Message icon="audit" title="Nothing was changed" text="No entry matches what you ask for." />}
      >
        {({ pages }) => (
          <>
            <TableFrame label="Audit log" minWidth={800} head={['When', 'What', 'About', 'Who', 'From', '']}>
              {pages
                .flatMap((page) => page.entries)
                .map((entry) => (
                  <AuditRow key={entry.id} entry={entry} onActor={setActor} onSubject={setSubject} />
                ))}
            </TableFrame>
            <More query={entries} />
          </>
        )}
      </ScreenState>
    </Page>
  );
}
