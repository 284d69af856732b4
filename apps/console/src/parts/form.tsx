import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode } from 'react';

import { Failure } from './failure.js';

/** How what a form asks for is going: a mutation. */
export interface Given {
  readonly isPending: boolean;
  readonly error: Error | null;
}

interface FormFrameProps {
  /** Told above the fields; null where a field tells it. */
  readonly error: Error | null;
  /** False while something is missing without which it cannot be done. */
  readonly isReady?: boolean;
  readonly maxWidth?: string | undefined;
  readonly onGiven: () => void;
  readonly children: ReactNode;
}

/** Fields below what was wrong with them, given by a button in it or by Enter. */
export function FormFrame({ error, isReady = true, maxWidth, onGiven, children }: FormFrameProps) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) onGiven();
      }}
    >
      <Stack maw={maxWidth}>
        <Failure error={error} />
        {children}
      </Stack>
    </form>
  );
}

interface FormProps {
  /** Of the button that does it. */
  readonly action: string;
  readonly change: Given;
  /** What `change` came to, unless a field tells it. */
  readonly error?: Error | null;
  readonly isReady?: boolean;
  readonly maxWidth?: string | undefined;
  /** Whether the button is as wide as the fields. */
  readonly isWide?: boolean;
  readonly onGiven: () => void;
  readonly children: ReactNode;
}

/** A form of a page or a panel, with the button that gives it. */
export function Form({ action, change, error = change.error, isReady = true, isWide = false, ...form }: FormProps) {
  const { maxWidth, onGiven, children } = form;
  const button = (
    <Button type="submit" loading={change.isPending} disabled={!isReady}>
      {action}
    </Button>
  );
  return (
    <FormFrame error={error} isReady={isReady} maxWidth={maxWidth} onGiven={onGiven}>
      {children}
      {isWide ? button : <Group>{button}</Group>}
    </FormFrame>
  );
}
