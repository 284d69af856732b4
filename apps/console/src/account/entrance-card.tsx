import { Paper, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

import { Mark } from '../shell/mark.js';
import classes from './entrance-card.module.css';

interface EntranceCardProps {
  readonly title: string;
  readonly text?: ReactNode;
  readonly children: ReactNode;
  /** Below the card: where else one may have wanted to go. */
  readonly below?: ReactNode;
}

/** The page around the log-in and its like. */
export function EntranceCard({ title, text, children, below }: EntranceCardProps) {
  useDocumentTitle(`${title} · Leasehold`);
  return (
    <main className={classes['page']}>
      <Mark />
      <Paper withBorder shadow="sm" p="xl" radius="lg" className={classes['card'] ?? ''}>
        <Stack>
          <div>
            <Title order={1} size="h3">
              {title}
            </Title>
            {text && (
              <Text c="dimmed" size="sm" mt={4}>
                {text}
              </Text>
            )}
          </div>
          {children}
        </Stack>
      </Paper>
      {below && <Text size="sm">{below}</Text>}
    </main>
  );
}
