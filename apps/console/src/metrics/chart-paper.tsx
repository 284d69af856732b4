import { Paper, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** A chart on its sheet, with what it is of. */
export function ChartPaper({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h5" mb="xs">
        {title}
      </Title>
      {children}
    </Paper>
  );
}
