import { CloseButton, TextInput } from '@mantine/core';

import { Icon } from '../parts/icon.js';
import { sameBytes } from './bytes.js';
import type { KeyView } from './key-text.js';
import { useTypedKey } from './use-typed-key.js';

interface PrefixBarProps {
  readonly prefix: Uint8Array;
  readonly view: KeyView;
  readonly onChange: (prefix: Uint8Array) => void;
}

const NOTHING = new Uint8Array(0);

/** With what keys have to begin to be shown; taken over on Enter, and when one leaves it. */
export function PrefixBar({ prefix, view, onChange }: PrefixBarProps) {
  const { text, type, key = NOTHING, isWrong } = useTypedKey(prefix.length === 0 ? undefined : prefix, view);
  const take = () => {
    if (!isWrong && !sameBytes(key, prefix)) onChange(key);
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
        rightSection={text !== '' && <CloseButton aria-label="Show all keys" onClick={() => onChange(NOTHING)} />}
        autoComplete="off"
        spellCheck={false}
        value={text}
        error={isWrong && `That is no ${view} prefix.`}
        onChange={(event) => type(event.currentTarget.value)}
        onBlur={take}
      />
    </form>
  );
}
