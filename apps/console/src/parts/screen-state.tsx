import { Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { Problem } from '../api/problem.js';
import { Icon, type IconName } from './icon.js';
import classes from './screen-state.module.css';

interface ScreenStateProps<T> {
  readonly query: Pick<UseQueryResult<T>, 'data' | 'error' | 'isPending' | 'refetch'>;
  /** What stands there when there is nothing, if that is something to speak of. */
  readonly empty?: ReactNode;
  readonly isEmpty?: (data: T) => boolean;
  /** About as high as what is to come, so that nothing jumps. */
  readonly skeletonRows?: number | undefined;
  readonly children: (data: T) => ReactNode;
}

/** The four states that every screen has beside its own: nothing yet, refused, out of order, nothing there. */
export function ScreenState<T>({ query, empty, isEmpty, skeletonRows = 6, children }: ScreenStateProps<T>) {
  const { data, error, isPending } = query;
  // What was read once stays on screen when reading it again fails.
  if (data !== undefined) return isEmpty?.(data) && empty !== undefined ? <>{empty}</> : <>{children(data)}</>;
  if (isPending) return <Loading rows={skeletonRows} />;
  return <Refused error={error} onRetry={() => void query.refetch()} />;
}

export function Loading({ rows = 6 }: { readonly rows?: number }) {
  return (
    <Stack gap="xs" aria-busy="true" aria-label="Loading" role="status">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={36} />
      ))}
    </Stack>
  );
}

/** What a read came to that failed: whether one may not, or it did not work this time. */
export function Refused({ error, onRetry }: { readonly error: unknown; readonly onRetry?: (() => void) | undefined }) {
  if (error instanceof Problem && error.status === 403) {
    return <Message icon="key" title="This is not for your role" text={error.message} />;
  }
  if (error instanceof Problem && error.status === 404) {
    return <Message icon="search" title="There is no such thing" text={error.message} />;
  }
  const requestId = error instanceof Problem ? error.requestId : undefined;
  return (
    <Message
      icon="close"
      title="That did not work"
      text={error instanceof Error ? error.message : 'Something is out of order.'}
      detail={requestId && `Request ${requestId}`}
      action={onRetry && <Button onClick={onRetry}>Try again</Button>}
    />
  );
}

interface MessageProps {
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  readonly detail?: string | undefined;
  readonly action?: ReactNode;
}

/** In place of a list or a page: what is the matter, and what can be done. */
export function Message({ icon, title, text, detail, action }: MessageProps) {
  return (
    <div className={classes['message']}>
      <span className={classes['icon']}>
        <Icon name={icon} size={28} />
      </span>
      <Title order={2} size="h4">
        {title}
      </Title>
      <Text c="dimmed" maw="34rem">
        {text}
      </Text>
      {detail && (
        <Text c="dimmed" size="xs" ff="monospace">
          {detail}
        </Text>
      )}
      {action}
    </div>
  );
}
