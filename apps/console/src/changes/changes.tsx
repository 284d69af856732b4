import type { ByteCommitted, Database } from '@leasehold/client';
import { Button, Code, Group, Loader, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { useMemo, useState } from 'react';

import { bytesOfBase64Url, base64UrlOf } from '../data/bytes.js';
import { viewFor } from '../data/key-text.js';
import { PrefixBar } from '../data/prefix-bar.js';
import { Failure } from '../parts/failure.js';
import { Message } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { useUrlState } from '../state/url-state.js';
import { textOfChange } from './change-text.js';
import { MAX_COMMITS, useLiveChanges } from './live-changes.js';

/** The change feed of a database, live. */
export function Changes({ data }: { readonly data: Database }) {
  const [prefix64, setPrefix64] = useUrlState('prefix');
  const [from, setFrom] = useUrlState('from');
  const [isPaused, setIsPaused] = useState(false);
  const prefix = useMemo(() => bytesOfBase64Url(prefix64) ?? new Uint8Array(0), [prefix64]);
  const { commits, error } = useLiveChanges(data, prefix, from === 'all' ? '0' : undefined);
  // While it is paused it goes on behind what is shown.
  const [held, setHeld] = useState<readonly ByteCommitted[]>([]);
  const shown = isPaused ? held : commits;
  return (
    <Stack>
      <Group justify="space-between">
        <PrefixBar prefix={prefix} view="text" onChange={(chosen) => setPrefix64(base64UrlOf(chosen))} />
        <Group gap="xs">
          <SegmentedControl
            aria-label="From when on"
            value={from === 'all' ? 'all' : 'now'}
            onChange={(chosen) => setFrom(chosen === 'all' ? 'all' : '')}
            data={[
              { value: 'now', label: 'From now on' },
              { value: 'all', label: 'All that is kept' },
            ]}
          />
          <Button
            variant="default"
            onClick={() => {
              setHeld(commits);
              setIsPaused(!isPaused);
            }}
          >
            {isPaused ? 'Go on' : 'Pause'}
          </Button>
        </Group>
      </Group>
      <Failure error={error} />
      {!error && !isPaused && (
        <Group gap="xs" role="status">
          <Loader size="xs" type="dots" />
          <Text size="sm" c="dimmed">
            Live. The last {MAX_COMMITS} commits are shown.
          </Text>
        </Group>
      )}
      {shown.length === 0 ? (
        <Message icon="jobs" title="Nothing has changed yet" text="Commits show here the moment they are durable." />
      ) : (
        <TableFrame label="Changes" head={['Version', 'What', 'Key', 'Value']}>
          {shown.map((commit) => (
            <Commit key={commit.version} commit={commit} />
          ))}
        </TableFrame>
      )}
    </Stack>
  );
}

/** Of one commit; it may have done a thousand things. */
const MAX_SHOWN_CHANGES = 20;

function Commit({ commit: { version, changes } }: { readonly commit: ByteCommitted }) {
  const view = viewFor(changes.flatMap((change) => (change.op === 'deleteRange' ? [] : [change.key])));
  const more = changes.length - MAX_SHOWN_CHANGES;
  return (
    <>
      {changes.slice(0, MAX_SHOWN_CHANGES).map((change, at) => {
        const { what, key, value } = textOfChange(change, view);
        return (
          <Table.Tr key={at}>
            <Table.Td>{at === 0 && <Code>{version}</Code>}</Table.Td>
            <Table.Td>{what}</Table.Td>
            <Table.Td maw="22rem">
              <Text inherit ff="monospace" lineClamp={2}>
                {key}
              </Text>
            </Table.Td>
            <Table.Td maw="28rem">
              <Text inherit ff="monospace" c="dimmed" lineClamp={2}>
                {value}
              </Text>
            </Table.Td>
          </Table.Tr>
        );
      })}
      {more > 0 && (
        <Table.Tr>
          <Table.Td />
          <Table.Td colSpan={3}>and {more} more</Table.Td>
        </Table.Tr>
      )}
    </>
  );
}
