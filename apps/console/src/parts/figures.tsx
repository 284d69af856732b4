import { Paper, Text } from '@mantine/core';
import type { ReactNode } from 'react';

import classes from './figures.module.css';

interface Figure {
  readonly label: string;
  readonly value: ReactNode;
  /** What else is to be known of it. */
  readonly note?: ReactNode;
}

/** Numbers at a glance. */
export function Figures({ figures }: { readonly figures: readonly Figure[] }) {
  return (
    <dl className={classes['figures']}>
      {figures.map(({ label, value, note }) => (
        <Paper key={label} withBorder p="md" component="div">
          <Text component="dt" size="sm" c="dimmed">
            {label}
          </Text>
          <Text component="dd" fw={600} size="lg" m={0} className={classes['value'] ?? ''} data-figure={label}>
            {value}
          </Text>
          {note && (
            <Text component="dd" size="xs" c="dimmed" m={0}>
              {note}
            </Text>
          )}
        </Paper>
      ))}
    </dl>
  );
}
