import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';

interface DialogProps {
  readonly opened: boolean;
  readonly title: string;
  readonly size?: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Asks for something over the page. What is in it begins anew each time that it opens. */
export function Dialog({ opened, title, size = 'md', onClose, children }: DialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} size={size} closeButtonProps={{ 'aria-label': 'Close' }}>
      {opened && children}
    </Modal>
  );
}
