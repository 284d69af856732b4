import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

import classes from './facts.module.css';

interface FactsProps {
  /** What the table is of, for those who do not see it. */
  readonly label: string;
  readonly facts: readonly (readonly [name: string, value: ReactNode])[];
}

/** What is known of one thing, line by line. */
export function Facts({ label, facts }: FactsProps) {
  return (
    <Table variant="vertical" aria-label={label}>
      <Table.Tbody>
        {facts.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th className={classes['name'] ?? ''}>{name}</Table.Th>
            <Table.Td className={classes['value'] ?? ''}>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
