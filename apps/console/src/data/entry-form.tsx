import { ConflictError, type ByteEntry, type Database } from '@leasehold/client';
import { Button, Group, NumberInput, Stack, Switch } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { Failure } from '../parts/failure.js';
import { tell } from '../parts/toasts.js';
import { Conflict } from './conflict.js';
import { draftOf, valueOfDraft, type ValueDraft } from './value-draft.js';
import { ValueEditor } from './value-editor.js';

interface EntryFormProps {
  readonly data: Database;
  readonly entry: ByteEntry;
  readonly isPast: boolean;
  readonly onSaved: (saved: ByteEntry) => void;
  readonly onDeleted: () => void;
}

/** Changes an entry if it still has the version that is shown; what somebody else wrote meanwhile is laid beside it, never overwritten unseen. */
export function EntryForm({ data, entry, isPast, onSaved, onDeleted }: EntryFormProps) {
  const { key, expiresAt } = entry;
  const [draft, setDraft] = useState<ValueDraft>(() => draftOf(entry.value));
  const [ttlSeconds, setTtlSeconds] = useState<number | undefined>();
  const [isEndless, setIsEndless] = useState(expiresAt === undefined);
  // The version that a write replaces: that which was read, or which a conflict has shown since.
  const [seen, setSeen] = useState(entry.version);
  const value = valueOfDraft(draft);
  const saving = useMutation({
    mutationFn: async ({ ifVersion, bytes }: { readonly ifVersion: string | null; readonly bytes: Uint8Array }) => {
      if (ttlSeconds !== undefined || isEndless) {
        const { version } = await data.bytes.put(key, bytes, { ifVersion, ttlSeconds });
        return { key, value: bytes, version };
      }
      // A write sets anew when a key ends: to the millisecond when it would have.
      const checks = [{ key, version: ifVersion }];
      const { version } = await data.bytes.commit({ checks, ops: [{ op: 'put', key, value: bytes, expiresAt }] });
      return { key, value: bytes, version, ...(expiresAt && { expiresAt }) };
    },
    onSuccess: (saved) => {
      tell('Saved.');
      onSaved(saved);
    },
  });
  const deleting = useMutation({
    mutationFn: (ifVersion: string) => data.bytes.delete(key, { ifVersion }),
    onSuccess: () => {
      tell('Deleted.');
      onDeleted();
    },
  });
  const error = saving.error ?? deleting.error;
  if (error instanceof ConflictError) {
    const isDeletion = error === deleting.error;
    return (
      <Conflict
        data={data}
        entryKey={key}
        mine={isDeletion ? undefined : draft}
        onKeepMine={(version) => {
          setSeen(version ?? '');
          if (!isDeletion) {
            if (value) saving.mutate({ ifVersion: version, bytes: value });
          } else if (version !== null) deleting.mutate(version);
        }}
        onTakeTheirs={(theirs) => {
          saving.reset();
          deleting.reset();
          if (theirs === null) return onDeleted();
          setSeen(theirs.version);
          setDraft(draftOf(theirs.value));
          onSaved(theirs);
        }}
      />
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        deleting.reset();
        if (value) saving.mutate({ ifVersion: seen, bytes: value });
      }}
    >
      <Stack>
        <ValueEditor draft={draft} onChange={setDraft} readOnly={isPast} />
        {!isPast && (
          <>
            <NumberInput
              label="Ends by itself after seconds"
              description={expiresAt === undefined ? 'Empty: it stays.' : 'Empty: it ends when it would have ended.'}
              disabled={expiresAt !== undefined && isEndless}
              min={1}
              allowDecimal={false}
              value={ttlSeconds ?? ''}
              onChange={(typed) => setTtlSeconds(typeof typed === 'number' ? typed : undefined)}
            />
            {expiresAt !== undefined && (
              <Switch
                label="It stays from now on"
                checked={isEndless}
                onChange={({ currentTarget: { checked } }) => {
                  setIsEndless(checked);
                  setTtlSeconds(undefined);
                }}
              />
            )}
            <Failure error={error} />
            <Group justify="space-between">
              <Button
                variant="outline"
                color="red"
                loading={deleting.isPending}
                onClick={() => {
                  saving.reset();
                  deleting.mutate(seen);
                }}
              >
                Delete
              </Button>
              <Button type="submit" loading={saving.isPending} disabled={value === undefined}>
                Save
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </form>
  );
}
