import type { ByteEntry, Database } from '@leasehold/client';
import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { useDatabaseName } from '../api/database-name.js';
import { ScreenState } from '../parts/screen-state.js';
import { base64UrlOf } from './bytes.js';
import classes from './conflict.module.css';
import type { ValueDraft } from './value-draft.js';
import { textOfValue, viewOfValue } from './value-text.js';

interface ConflictProps {
  readonly data: Database;
  readonly entryKey: Uint8Array;
  /** Undefined: it was to be deleted. */
  readonly mine: ValueDraft | undefined;
  /** @param version over which mine is to be written, or which is to be deleted; null: theirs is that it was deleted, and mine is written anew */
  readonly onKeepMine: (version: string | null) => void;
  /** @param theirs null: they deleted it */
  readonly onTakeTheirs: (theirs: ByteEntry | null) => void;
}

/** Somebody else changed the entry meanwhile: both, side by side, and the choice. */
export function Conflict({ data, entryKey, mine, onKeepMine, onTakeTheirs }: ConflictProps) {
  const name = useDatabaseName();
  const present = useQuery({
    queryKey: ['conflict', name, base64UrlOf(entryKey)],
    gcTime: 0,
    queryFn: async ({ signal }) => (await data.bytes.get(entryKey, { signal })) ?? null,
  });
  return (
    <Stack>
      <Alert color="yellow" role="alert" title="Somebody else was faster">
        The entry was changed since you read it.{' '}
        {mine === undefined ? 'Nothing was deleted from here.' : 'Nothing of yours was written.'}
      </Alert>
      <ScreenState query={present}>
        {(theirs) => (
          <>
            <div className={classes['sides']}>
              <Side title="Yours" text={mine?.text ?? '(to be deleted)'} />
              <Side title="Theirs" text={textOf(theirs)} detail={theirs?.version} />
            </div>
            <Group justify="flex-end">
              <Button variant="default" onClick={() => onTakeTheirs(theirs)}>
                Take theirs
              </Button>
              {mine !== undefined && (
                <Button onClick={() => onKeepMine(theirs?.version ?? null)}>Write mine over it</Button>
              )}
              {mine === undefined && theirs !== null && (
                <Button color="red" onClick={() => onKeepMine(theirs.version)}>
                  Delete it all the same
                </Button>
              )}
            </Group>
          </>
        )}
      </ScreenState>
    </Stack>
  );
}

function Side({
  title,
  text,
  detail,
}: {
  readonly title: string;
  readonly text: string;
  readonly detail?: string | undefined;
}) {
  return (
    <div>
      <Text fw={600} size="sm">
        {title} {detail && <Code>{detail}</Code>}
      </Text>
      <pre className={classes['side']} tabIndex={0} role="region" aria-label={title}>
        {text}
      </pre>
    </div>
  );
}

function textOf(entry: ByteEntry | null): string {
  if (entry === null) return '(deleted)';
  return textOfValue(entry.value, viewOfValue(entry.value)) ?? '';
}
