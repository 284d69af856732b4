import { Text, Tooltip } from '@mantine/core';

import { formatInstant, formatUtc } from './format.js';

interface InstantProps {
  /** As the API tells it; null where there is none. */
  readonly at: string | null | undefined;
  /** In place of none. */
  readonly none?: string;
}

/** A time in the zone of whoever looks; that of everybody, UTC, where the pointer or the focus rests on it. */
export function Instant({ at, none = 'never' }: InstantProps) {
  if (!at) {
    return (
      <Text span inherit c="dimmed">
        {none}
      </Text>
    );
  }
  const date = new Date(at);
  return (
    <Tooltip label={formatUtc(date)}>
      <time dateTime={at}>{formatInstant(date)}</time>
    </Tooltip>
  );
}
