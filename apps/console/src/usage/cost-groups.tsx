import { Anchor, Table, Text } from '@mantine/core';
import { Link } from 'wouter';

import { formatMicros, formatMoney } from '../parts/money.js';
import { ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { COST_METERS, microsOf } from './cost-meters.js';
import { groupIdOf, keyOfGroup } from './group-id.js';
import { useCosts, type CostAnswer, type CostQuestion, type CostRow } from './use-costs.js';
import { GroupName } from './usage-groups.js';

/** Rows on the screen, the dearest in front; all of them are in the export. */
const MAX_GROUPS = 200;

/** The month as a whole, by what it was used for; and what is of nobody, so that what all of it comes to adds up to the invoice. */
export function CostGroups({ question }: { readonly question: CostQuestion }) {
  const { group, database } = question;
  const costs = useCosts({ ...question, step: 'month' });
  return (
    <ScreenState query={costs}>
      {({ rows, currency, amounts, isCut }) => (
        <>
          <TableFrame label={`Cost by ${group}`} head={[group, ...COST_METERS.map(headOf)]}>
            {dearest(rows)
              .slice(0, MAX_GROUPS)
              .map((row) => (
                <Table.Tr key={keyOfGroup(groupIdOf(row))}>
                  <Table.Td>
                    <Name group={group} row={row} />
                  </Table.Td>
                  {COST_METERS.map(({ meter }) => (
                    <Table.Td key={meter} data-micros={microsOf(row, meter)}>
                      {formatMicros(microsOf(row, meter), currency)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            {database === '' && flatRows(amounts, currency)}
          </TableFrame>
          {(isCut || rows.length > MAX_GROUPS) && (
            <Text size="sm" c="dimmed">
              {isCut
                ? 'There are others, and dearer ones may be among them. The download has all of them.'
                : 'These are not all of them. The download has the rest.'}
            </Text>
          )}
        </>
      )}
    </ScreenState>
  );
}

function headOf({ meter, name }: (typeof COST_METERS)[number]): string {
  return meter === 'total' ? 'Together' : name;
}

function flatRows(amounts: CostAnswer['amounts'], currency: string) {
  const flat = [
    { name: 'fee', amount: amounts.fee },
    { name: 'up to the minimum', amount: amounts.minimum },
  ];
  return flat
    .filter(({ amount }) => amount > 0)
    .map(({ name, amount }) => (
      <Table.Tr key={`of all ${name}`}>
        <Table.Td>
          <Text inherit c="dimmed">
            {name}, of the organization
          </Text>
        </Table.Td>
        <Table.Td>{formatMoney(amount, currency)}</Table.Td>
        <Table.Td colSpan={COST_METERS.length - 1} />
      </Table.Tr>
    ));
}

function Name({ group, row }: { readonly group: string; readonly row: CostRow }) {
  const { database, name = '', deletedAt } = row;
  if (database === undefined) return <GroupName group={group} id={groupIdOf(row)} />;
  if (deletedAt !== null) {
    return (
      <span title={database}>
        {name} <small>deleted</small>
      </span>
    );
  }
  return (
    <Anchor component={Link} to={`/databases/${name}`}>
      {name}
    </Anchor>
  );
}

function dearest(rows: readonly CostRow[]): readonly CostRow[] {
  return [...rows].sort((one, other) => microsOf(other, 'total') - microsOf(one, 'total'));
}
