import { Badge, Button, Group, Progress, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';

import { answerOf, control } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { PAYERS, useMay } from '../api/session.js';
import { countOf } from '../parts/format.js';
import { Icon } from '../parts/icon.js';
import { Instant } from '../parts/instant.js';
import { formatMoney } from '../parts/money.js';
import { PagedTable } from '../parts/paged-table.js';
import { Message } from '../parts/screen-state.js';
import { BUDGETS, type Budget } from './budget.js';
import { EndBudget } from './end-budget.js';
import { SetBudget } from './set-budget.js';

/** How much a month may come to, for the organization, a database or a key. */
export function Budgets() {
  const [setting, dialog] = useDisclosure(false);
  const may = useMay(PAYERS);
  const list = usePages([...BUDGETS], (page, signal) =>
    answerOf(control.GET('/v1/budgets', { signal, params: { query: page } })),
  );
  return (
    <Stack>
      {may && (
        <Group justify="flex-end">
          <Button leftSection={<Icon name="plus" />} onClick={dialog.open}>
            Set a budget
          </Button>
        </Group>
      )}
      <PagedTable
        query={list}
        itemsOf={({ budgets }) => budgets}
        empty={
          <Message
            icon="bill"
            title="No budgets"
            text="A budget tells you in time, or stops what is beyond it before it is done."
          />
        }
        label="Budgets"
        minWidth={800}
        head={['Of', 'Limit', 'Used this month', 'Used up on', 'Then', '']}
      >
        {(budget) => <BudgetRow key={budget.id} budget={budget} />}
      </PagedTable>
      <SetBudget opened={setting} onClose={dialog.close} />
    </Stack>
  );
}

function BudgetRow({ budget }: { readonly budget: Budget }) {
  const { scope, subject, limit, used, usedPercent, exhaustedAt, hardStop, alertPercents } = budget;
  const format = (value: number) => ('units' in limit ? countOf(value, 'unit') : formatMoney(value, limit.currency));
  const isUsedUp = usedPercent >= 100;
  return (
    <Table.Tr>
      <Table.Td>
        {subject === null ? 'the organization' : (subject.name ?? subject.id)}
        <Text size="xs" c="dimmed">
          {scope}
        </Text>
      </Table.Td>
      <Table.Td>{format('units' in limit ? limit.units : limit.amount)}</Table.Td>
      <Table.Td>
        {format(used)}
        <Progress
          value={Math.min(100, usedPercent)}
          color={isUsedUp ? 'red' : 'leaf'}
          mt={4}
          aria-label={`${usedPercent} percent used`}
        />
      </Table.Td>
      <Table.Td>
        {isUsedUp ? (
          <Badge color="red" variant="light">
            used up
          </Badge>
        ) : (
          <Instant at={exhaustedAt} none="not this month" />
        )}
      </Table.Td>
      <Table.Td>
        {hardStop ? 'writes and charged reads are refused' : 'you are told'}
        {alertPercents.length > 0 && (
          <Text size="xs" c="dimmed">
            told at {alertPercents.map((percent) => `${percent} %`).join(', ')}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <EndBudget budget={budget} />
      </Table.Td>
    </Table.Tr>
  );
}
