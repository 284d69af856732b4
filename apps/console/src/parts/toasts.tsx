import { Notification, Portal, Stack } from '@mantine/core';
import { useSyncExternalStore } from 'react';

import { Icon } from './icon.js';
import classes from './toasts.module.css';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isFailure: boolean;
}

const SHOWN_MS = 5_000;
/** Older ones make room. */
const MAX_TOASTS = 3;

let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

/** Says in a corner what was done, for a few seconds. What went wrong is said where it went wrong, and stays. */
export function tell(text: string): void {
  show(text, false);
}

/** Of what has no place of its own where it could be said, as a button in a row. */
export function tellFailure({ message }: Error): void {
  show(message, true);
}

function show(text: string, isFailure: boolean): void {
  const toast = { id: ++lastId, text, isFailure };
  replace([...toasts, toast].slice(-MAX_TOASTS));
  setTimeout(() => dismiss(toast.id), SHOWN_MS);
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <Portal>
      <Stack className={classes['corner']} gap="xs" role="status" aria-live="polite">
        {shown.map(({ id, text, isFailure }) => (
          <Notification
            key={id}
            icon={<Icon name={isFailure ? 'close' : 'check'} />}
            color={isFailure ? 'red' : undefined}
            data-failure={isFailure || undefined}
            onClose={() => dismiss(id)}
            closeButtonProps={{ 'aria-label': 'Dismiss' }}
          >
            {text}
          </Notification>
        ))}
      </Stack>
    </Portal>
  );
}

function dismiss(id: number): void {
  replace(toasts.filter((toast) => toast.id !== id));
}

function replace(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
