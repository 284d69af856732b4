import { CloseButton, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';

import { Icon } from '../parts/icon.js';
import { keyOfText, textOfKey, type KeyView } from './key-text.js';

interface PrefixBarProps {
  readonly prefix: Uint8Array;
  readonly view: KeyView;
  readonly onChange: (prefix: Uint8Array) => void;
}

const NOTHING = new Uint8Array(0);

/** With what keys have to begin to be shown; taken over on Enter, and when one leaves it. */
export function PrefixBar({ prefix, view, onChange }: PrefixBarProps) {
  const present = prefix.length === 0 ? '' : textOfKey(prefix, view);
  const [typed, setTyped] = useState(present);
  useEffect(() => setTyped(present), [present]);
  const wanted = typed === '' ? NOTHING : keyOfText(typed, view);
  const take = () => {
    if (wanted !== undefined && typed !== present) onChange(wanted);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        take();
      }}
    >
      <TextInput
        aria-label="Keys that begin with"
        placeholder={view === 'tuple' ? '["users", 17]' : 'Keys that begin with…'}
        w="22rem"
        maw="100%"
        leftSection={<Icon name="search" size={16} />}
        rightSection={typed !== '' && <CloseButton aria-label="Show all keys" onClick={() => onChange(NOTHING)} />}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        error={wanted === undefined && `That is no ${view} prefix.`}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={take}
      />
    </form>
  );
}
