import { Autocomplete } from '@mantine/core';

import { useLabelKeys } from '../databases/label-keys.js';

const GROUPS = ['database', 'key'];

interface ToldApartProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** By what rows are told apart: databases, keys, or the values of a label. */
export function ToldApart({ value, onChange }: ToldApartProps) {
  const labelKeys = useLabelKeys();
  return (
    <Autocomplete
      label="Told apart by"
      placeholder="database, key, label:plan"
      data={[...GROUPS, ...labelKeys.map((key) => `label:${key}`)]}
      value={value}
      onChange={onChange}
    />
  );
}

/** What is typed may not be one yet. */
export function isGroup(text: string): boolean {
  return GROUPS.includes(text) || /^label:./.test(text);
}
