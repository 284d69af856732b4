import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useLayoutEffect, useState } from 'react';

import { Icon } from './icon.js';

interface TypedFilterProps {
  readonly label: string;
  readonly placeholder?: string;
  readonly value: string;
  /** Called when one stops typing. */
  readonly onChange: (value: string) => void;
}

const TYPING_MS = 300;

/** A text that narrows down what is listed. */
export function TypedFilter({ label, placeholder, value, onChange }: TypedFilterProps) {
  const [typed, setTyped] = useState(value);
  const change = useDebouncedCallback(onChange, TYPING_MS);
  // While the next screen is being loaded this one is only hidden: a filter that came in late would lead back to it.
  useLayoutEffect(() => () => change.cancel(), [change]);
  // Chosen elsewhere, or by the back button.
  useEffect(() => setTyped((before) => (before.trim() === value ? before : value)), [value]);
  return (
    <TextInput
      label={label}
      placeholder={placeholder}
      value={typed}
      leftSection={<Icon name="search" size={16} />}
      autoComplete="off"
      spellCheck={false}
      onChange={({ currentTarget: { value: text } }) => {
        setTyped(text);
        change(text.trim());
      }}
    />
  );
}
