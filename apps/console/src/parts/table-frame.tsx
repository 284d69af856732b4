import { Paper, ScrollArea, Table, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';

interface TableFrameProps {
  /** What the table is of, for those who do not see it. */
  readonly label: string;
  /** Empty over what can be done with a row. */
  readonly head: readonly ReactNode[];
  /** Below that width it scrolls sideways. */
  readonly minWidth?: number;
  readonly children: ReactNode;
}

/** A table in a sheet, with its head. */
export function TableFrame({ label, head, minWidth = 640, children }: TableFrameProps) {
  return (
    <Paper withBorder radius="md">
      <ScrollArea viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': `${label}, scrollable` }}>
        <Table miw={minWidth} aria-label={label}>
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
