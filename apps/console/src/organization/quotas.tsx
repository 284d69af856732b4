import { Progress, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { answerOf, control, type Schemas } from '../api/control.js';
import { formatBytes, formatCount } from '../parts/format.js';
import { Panel } from '../parts/panel.js';
import { ScreenState } from '../parts/screen-state.js';
import classes from './quotas.module.css';

type QuotaAnswer = Pick<Schemas['Quotas'], 'limits' | 'used'>;

interface Quota {
  readonly name: string;
  readonly limit: number | null;
  readonly used?: number;
  readonly format: (value: number) => string;
}

/** What the organization may use, and what of it is used. */
export function Quotas() {
  const quotas = useQuery({
    queryKey: ['quotas'],
    queryFn: ({ signal }) => answerOf(control.GET('/v1/quotas', { signal })),
  });
  return (
    <Panel title="Plan and limits" description={quotas.data && `Plan: ${quotas.data.plan.name}`}>
      <ScreenState query={quotas}>{(found) => <QuotaTable {...found} />}</ScreenState>
    </Panel>
  );
}

export function QuotaTable({ limits, used }: QuotaAnswer) {
  return (
    <Table aria-label="Limits">
      <Table.Tbody>
        {quotasOf({ limits, used }).map(({ name, limit, used: amount, format }) => (
          <Table.Tr key={name}>
            <Table.Th className={classes['name'] ?? ''} fw={400}>
              {name}
            </Table.Th>
            <Table.Td>
              {amount !== undefined && format(amount)}
              {amount !== undefined && (limit === null ? ', ' : ' of ')}
              {limit === null ? (
                <Text span inherit c="dimmed">
                  no agreed limit
                </Text>
              ) : (
                format(limit)
              )}
            </Table.Td>
            <Table.Td className={classes['share'] ?? ''}>
              {amount !== undefined && limit !== null && limit > 0 && (
                <Progress value={Math.min(100, (100 * amount) / limit)} aria-label={`${name} used`} />
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function quotasOf({ limits, used }: QuotaAnswer): readonly Quota[] {
  return [
    { name: 'Databases', limit: limits.databases, used: used.databases, format: formatCount },
    { name: 'Storage', limit: limits.storageBytes, used: used.storageBytes, format: formatBytes },
    { name: 'Requests per second', limit: limits.requestsPerSecond, format: formatCount },
    { name: 'Requests at once in a burst', limit: limits.burstRequests, format: formatCount },
    { name: 'Bytes per second', limit: limits.bytesPerSecond, format: formatBytes },
    { name: 'Requests under way', limit: limits.concurrentRequests, format: formatCount },
    { name: 'Databases waking up at once', limit: limits.concurrentWakes, format: formatCount },
  ];
}
