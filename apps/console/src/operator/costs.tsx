import { Anchor, Badge, Group, Select, Table, Text } from '@mantine/core';
import { Link } from 'wouter';

import { answerOf, control, type Schemas } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { Figures } from '../parts/figures.js';
import { countOf, formatBytes, formatCount, formatFraction } from '../parts/format.js';
import { Instant } from '../parts/instant.js';
import { formatMicros, formatMoney } from '../parts/money.js';
import { More } from '../parts/more.js';
import { Page } from '../parts/page.js';
import { Message, ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { useUrlState } from '../state/url-state.js';
import { COSTS } from './cost-keys.js';
import { costsOnce } from './costs-once.js';
import { monthsUntil } from './months.js';
import { ProviderPrices } from './provider-prices.js';

type CostPage = Schemas['CostPage'];
type TenantCost = CostPage['costs'][number];

const SORTS = [
  { value: 'margin', label: 'least margin' },
  { value: 'cost', label: 'highest cost' },
  { value: 'revenue', label: 'most revenue' },
] as const;
const NOT_PRICED = 'no prices yet';

/** What each tenant costs, held against what it brings in. */
export function Costs() {
  const [monthText, setMonth] = useUrlState('month');
  const [sortText, setSort] = useUrlState('sort');
  const months = monthsUntil(new Date());
  const month = /^\d{4}-(0[1-9]|1[0-2])$/.test(monthText) ? monthText : (months[0] ?? '');
  const sort = SORTS.find(({ value }) => value === sortText)?.value ?? 'margin';
  const list = usePages([...COSTS, month, sort], async (page, signal) => {
    const query = { month, sort, ...page };
    // It may be CSV too, which the document has no schema of.
    return (await answerOf<unknown>(control.GET('/v1/admin/costs', { signal, params: { query } }))) as CostPage;
  });
  return (
    <Page
      title="Costs"
      description="What each tenant costs in a month, and what it brings in."
      actions={
        <>
          <Anchor
            href={`/v1/admin/costs?month=${month}&sort=${sort}&format=csv`}
            download={`costs-${month}.csv`}
            size="sm"
          >
            Download as CSV
          </Anchor>
          <ProviderPrices month={month} />
        </>
      }
    >
      <Group align="flex-end">
        <Select
          label="Month"
          allowDeselect={false}
          data={months.includes(month) ? [...months] : [month, ...months]}
          value={month}
          onChange={(value) => setMonth(value ?? '')}
        />
        <Select
          label="In front"
          allowDeselect={false}
          data={[...SORTS]}
          value={sort}
          onChange={(value) => setSort(value ?? '')}
        />
      </Group>
      <ScreenState
        query={list}
        isEmpty={({ pages }) => pages[0]?.costs.length === 0}
        empty={
          <Message
            icon="bill"
            title="Nothing was added up"
            text="Months are added up within the hour in which they begin."
          />
        }
      >
        {({ pages }) => (
          <>
            {pages[0] && <Totals page={pages[0]} />}
            <TableFrame
              label="Costs of tenants"
              minWidth={980}
              head={['Tenant', 'Revenue', 'Cost', 'Margin', 'Requests', 'Storage', 'Egress', 'Shared', 'Added up']}
            >
              {costsOnce(pages.flatMap(({ costs, currency }) => costs.map((cost) => ({ ...cost, currency })))).map(
                ({ currency, ...cost }) => (
                  <CostRow key={cost.organizationId} cost={cost} currency={currency} />
                ),
              )}
            </TableFrame>
            <More query={list} />
          </>
        )}
      </ScreenState>
    </Page>
  );
}

function Totals({ page: { totals, currency, prices } }: { readonly page: CostPage }) {
  const { revenue, cost, margin, organizations } = totals;
  return (
    <Figures
      figures={[
        { label: 'Revenue', value: formatMoney(revenue, currency), note: 'billed, or drafted so far' },
        {
          label: 'Cost',
          value: cost === null ? NOT_PRICED : formatMoney(cost, currency),
          note: prices === null ? 'say what the provider asks' : `at the prices since ${prices.since}`,
        },
        { label: 'Margin', value: margin === null ? NOT_PRICED : formatMoney(margin, currency) },
        { label: 'Tenants', value: formatCount(organizations) },
      ]}
    />
  );
}

function CostRow({ cost: row, currency }: { readonly cost: TenantCost; readonly currency: string }) {
  const { organizationId, name, revenue, billed, cost, costMicros, margin, usage, computedAt } = row;
  const { commits, requests, storedGbHours, egressBytes } = usage;
  const part = (of: 'requests' | 'storage' | 'egress' | 'shared') =>
    costMicros === null ? '' : formatMicros(costMicros[of], currency);
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/operator/tenants/${organizationId}`}>
          {name ?? organizationId}
        </Anchor>
      </Table.Td>
      <Table.Td>
        {formatMoney(revenue, currency)}
        <Text size="xs" c="dimmed">
          {billed === 'finalized' ? 'to be paid' : billed}
        </Text>
      </Table.Td>
      <Table.Td>{cost === null || costMicros === null ? '' : formatMicros(costMicros.total, currency)}</Table.Td>
      <Table.Td>
        {margin !== null && (
          <Badge color={margin < 0 ? 'red' : 'leaf'} variant="light">
            {formatMoney(margin, currency)}
          </Badge>
        )}
      </Table.Td>
      <Part amount={part('requests')} of={`${countOf(commits, 'write')}, ${countOf(requests, 'read')}`} />
      <Part amount={part('storage')} of={`${formatFraction(storedGbHours)} GB-hours`} />
      <Part amount={part('egress')} of={formatBytes(egressBytes)} />
      <Table.Td>{part('shared')}</Table.Td>
      <Table.Td>
        <Instant at={computedAt} />
      </Table.Td>
    </Table.Tr>
  );
}

function Part({ amount, of }: { readonly amount: string; readonly of: string }) {
  return (
    <Table.Td>
      {amount}
      <Text size="xs" c="dimmed">
        {of}
      </Text>
    </Table.Td>
  );
}
