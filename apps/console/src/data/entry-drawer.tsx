import type { ByteEntry, Database } from '@leasehold/client';
import { Code, Drawer, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { useDatabaseName } from '../api/database-name.js';
import { formatBytes } from '../parts/format.js';
import { Instant } from '../parts/instant.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { base64UrlOf } from './bytes.js';
import { EntryForm } from './entry-form.js';
import { KEY_VIEWS, textOfKey, type KeyView } from './key-text.js';

interface EntryDrawerProps {
  readonly data: Database;
  /** Undefined: it is closed. */
  readonly entryKey: Uint8Array | undefined;
  readonly view: KeyView;
  readonly at: Date | undefined;
  readonly onClose: () => void;
  readonly onWritten: (key: Uint8Array, entry: ByteEntry | null) => void;
}

/** One entry, to look at and to change. */
export function EntryDrawer(props: EntryDrawerProps) {
  const { entryKey, view, onClose } = props;
  return (
    <Drawer
      opened={entryKey !== undefined}
      onClose={onClose}
      position="right"
      size="min(44rem, 100%)"
      title={entryKey && <Code fz="md">{textOfKey(entryKey, view)}</Code>}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {entryKey && <Opened {...props} key={base64UrlOf(entryKey)} entryKey={entryKey} />}
    </Drawer>
  );
}

function Opened({
  data,
  entryKey,
  view,
  at,
  onClose,
  onWritten,
}: EntryDrawerProps & { readonly entryKey: Uint8Array }) {
  const name = useDatabaseName();
  const entry = useQuery({
    queryKey: ['entry', name, base64UrlOf(entryKey), at?.getTime() ?? null],
    gcTime: 0,
    queryFn: async ({ signal }) => (await data.bytes.get(entryKey, { at, signal })) ?? null,
  });
  return (
    <ScreenState query={entry}>
      {(found) =>
        found === null ? (
          <Message icon="search" title="No such key" text="It was deleted, has ended, or was never there." />
        ) : (
          <Stack>
            <Facts entry={found} view={view} />
            <EntryForm
              key={found.version}
              data={data}
              entry={found}
              isPast={at !== undefined}
              onSaved={(saved) => {
                onWritten(entryKey, saved);
                void entry.refetch();
              }}
              onDeleted={() => {
                onWritten(entryKey, null);
                onClose();
              }}
            />
          </Stack>
        )
      }
    </ScreenState>
  );
}

function Facts({ entry, view }: { readonly entry: ByteEntry; readonly view: KeyView }) {
  const { key, value, version, expiresAt } = entry;
  // A view that cannot show it falls back to digits, which stand there already.
  const others = KEY_VIEWS.filter((other) => other !== view && (other === 'hex' || viewShows(key, other)));
  return (
    <Stack gap={4}>
      <Group gap="lg">
        <Text size="sm">
          Version <Code>{version}</Code>
        </Text>
        <Text size="sm">{formatBytes(value.length)}</Text>
        <Text size="sm">
          Ends <Instant at={expiresAt?.toISOString()} none="never" />
        </Text>
      </Group>
      {others.map((other) => (
        <Text key={other} size="xs" c="dimmed" ff="monospace">
          {other}: {textOfKey(key, other)}
        </Text>
      ))}
    </Stack>
  );
}

function viewShows(key: Uint8Array, view: KeyView): boolean {
  return textOfKey(key, view) !== textOfKey(key, 'hex');
}
