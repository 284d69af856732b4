import { ConflictError, type Database } from '@leasehold/client';
import { NumberInput, SegmentedControl, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { DialogForm } from '../parts/dialog-form.js';
import { Dialog } from '../parts/dialog.js';
import { tell } from '../parts/toasts.js';
import { KEY_VIEWS, keyOfText, textOfKey, type KeyView } from './key-text.js';
import { valueOfDraft, type ValueDraft } from './value-draft.js';
import { ValueEditor } from './value-editor.js';

interface NewEntryProps {
  readonly data: Database;
  readonly opened: boolean;
  /** With what the key may begin. */
  readonly prefix: Uint8Array;
  readonly view: KeyView;
  readonly onClose: () => void;
  readonly onCreated: (key: Uint8Array) => void;
}

export function NewEntry(props: NewEntryProps) {
  return (
    <Dialog opened={props.opened} title="New entry" size="lg" onClose={props.onClose}>
      <Form {...props} />
    </Dialog>
  );
}

/** Writes only if there is no such key. */
function Form({ data, prefix, view: shownView, onClose, onCreated }: NewEntryProps) {
  const [view, setView] = useState(shownView);
  const [keyText, setKeyText] = useState(() => (prefix.length === 0 ? '' : textOfKey(prefix, shownView)));
  const [draft, setDraft] = useState<ValueDraft>({ view: 'text', text: '' });
  const [ttlSeconds, setTtlSeconds] = useState<number | undefined>();
  const key = keyOfText(keyText, view);
  const value = valueOfDraft(draft);
  const creation = useMutation({
    mutationFn: async (entry: { readonly key: Uint8Array; readonly value: Uint8Array }) => {
      await data.bytes.put(entry.key, entry.value, { ifVersion: null, ttlSeconds });
      return entry.key;
    },
    onSuccess: (created) => {
      tell('Written.');
      onClose();
      onCreated(created);
    },
  });
  const isTaken = creation.error instanceof ConflictError;
  return (
    <DialogForm
      action="Write"
      change={creation}
      error={isTaken ? null : creation.error}
      isReady={key !== undefined && value !== undefined}
      onGiven={() => key && value && creation.mutate({ key, value })}
      onClose={onClose}
    >
      <SegmentedControl
        aria-label="Key as"
        size="xs"
        data={[...KEY_VIEWS]}
        value={view}
        onChange={(chosen) => setView(chosen as KeyView)}
      />
      <TextInput
        label="Key"
        required
        data-autofocus
        autoComplete="off"
        spellCheck={false}
        classNames={{ input: 'monospace' }}
        placeholder={view === 'tuple' ? '["users", 17]' : view === 'hex' ? '0a 1b' : 'users/17'}
        error={
          (isTaken && 'There is such a key already.') ||
          (keyText !== '' && key === undefined && `That is no ${view} key.`)
        }
        value={keyText}
        onChange={(event) => setKeyText(event.currentTarget.value)}
      />
      <ValueEditor draft={draft} onChange={setDraft} />
      <NumberInput
        label="Ends by itself after seconds"
        description="Empty: it stays."
        min={1}
        allowDecimal={false}
        value={ttlSeconds ?? ''}
        onChange={(typed) => setTtlSeconds(typeof typed === 'number' ? typed : undefined)}
      />
    </DialogForm>
  );
}
