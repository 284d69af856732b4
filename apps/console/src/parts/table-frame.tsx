import { Paper, ScrollArea, Table, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';

import classes from './table-frame.module.css';

interface TableFrameProps {
  /** What the table is of, for those who do not see it. */
  readonly label: string;
  /** Empty over what can be done with a row. */
  readonly head: readonly ReactNode[];
  /** Below that width it scrolls sideways. */
  readonly minWidth?: number | undefined;
  /** On a phone each row is a card instead, of cells that say with `data-name` what they are. */
  readonly isStacked?: boolean;
  readonly children: ReactNode;
}

/** A table in a sheet, with its head. */
export function TableFrame({ label, head, minWidth = 640, isStacked = false, children }: TableFrameProps) {
  return (
    <Paper withBorder radius="md">
      <ScrollArea viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': `${label}, scrollable` }}>
        <Table miw={minWidth} aria-label={label} className={(isStacked && classes['stacked']) || ''}>
          <Table.Thead>
            <Table.Tr>
              {head.map((cell, column) => (
                <Table.Th key={column}>{cell === '' ? <VisuallyHidden>Actions</VisuallyHidden> : cell}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>{children}</Table.Tbody>
        </Table>
      </ScrollArea>
    </Paper>
  );
}
