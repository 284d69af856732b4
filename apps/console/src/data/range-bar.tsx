import { Button, Group, TextInput } from '@mantine/core';
import { useState } from 'react';

import { isBackwards, isWhole, WHOLE, type KeyRange } from './key-range.js';
import type { KeyView } from './key-text.js';
import classes from './range-bar.module.css';
import { useTypedKey } from './use-typed-key.js';

interface RangeBarProps {
  readonly range: KeyRange;
  readonly view: KeyView;
  readonly onChange: (range: KeyRange) => void;
}

const PLACEHOLDERS: Readonly<Record<KeyView, readonly [start: string, end: string]>> = {
  text: ['users/17', 'users/50'],
  tuple: ['["users", 17]', '["users", 50]'],
  hex: ['0a 1b', '0a ff'],
};

/** Between which keys those lie that are shown, beside what they begin with. */
export function RangeBar(props: RangeBarProps) {
  const [isOpen, setIsOpen] = useState(false);
  if (!isOpen && isWhole(props.range)) {
    return (
      <Button variant="subtle" size="compact-sm" onClick={() => setIsOpen(true)}>
        Only a range
      </Button>
    );
  }
  return (
    <Bounds
      {...props}
      isOpenedHere={isOpen}
      onClose={() => {
        props.onChange(WHOLE);
        setIsOpen(false);
      }}
    />
  );
}

interface BoundsProps extends RangeBarProps {
  /** Not by the address. */
  readonly isOpenedHere: boolean;
  readonly onClose: () => void;
}

/** Both are taken over together, on Enter and when one leaves one of them, once they are a range. */
function Bounds({ range, view, onChange, isOpenedHere, onClose }: BoundsProps) {
  const start = useTypedKey(range.start, view);
  const end = useTypedKey(range.end, view);
  const typed: KeyRange = { start: start.key, end: end.key };
  const areWrong = start.isWrong || end.isWrong;
  const isBehind = !areWrong && isBackwards(typed);
  const take = () => {
    const isOther = typed.start !== range.start || typed.end !== range.end;
    if (isOther && !areWrong && !isBehind) onChange(typed);
  };
  const [startPlaceholder, endPlaceholder] = PLACEHOLDERS[view];
  return (
    <form
      className={classes['bounds']}
      aria-label="Range of keys"
      onSubmit={(event) => {
        event.preventDefault();
        take();
      }}
    >
      <TextInput
        className={classes['bound'] ?? ''}
        label="From this key on"
        placeholder={startPlaceholder}
        autoFocus={isOpenedHere}
        autoComplete="off"
        spellCheck={false}
        value={start.text}
        error={start.isWrong && `That is no ${view} key.`}
        onChange={(event) => start.type(event.currentTarget.value)}
        onBlur={take}
      />
      <TextInput
        className={classes['bound'] ?? ''}
        label="Before this key"
        placeholder={endPlaceholder}
        autoComplete="off"
        spellCheck={false}
        value={end.text}
        error={(end.isWrong && `That is no ${view} key.`) || (isBehind && 'It has to come behind the first one.')}
        onChange={(event) => end.type(event.currentTarget.value)}
        onBlur={take}
      />
      <Group gap="xs" className={classes['actions'] ?? ''}>
        <Button variant="default" type="submit" size="compact-sm" disabled={areWrong || isBehind}>
          Show
        </Button>
        <Button variant="subtle" size="compact-sm" onClick={onClose}>
          No range
        </Button>
      </Group>
    </form>
  );
}
