import { Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

import classes from './page.module.css';

interface PageProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A screen: its heading, what can be done on it as a whole, and the rest. */
export function Page({ title, description, actions, children }: PageProps) {
  useDocumentTitle(`${title} · Leasehold`);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-end">
        <div className={classes['heading']}>
          <Title order={1} size="h2">
            {title}
          </Title>
          {description && <Text c="dimmed">{description}</Text>}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
