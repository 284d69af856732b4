import { Anchor } from '@mantine/core';
import { Link } from 'wouter';

import { monthOf, useInvoice, type Invoice } from '../billing/invoice-list.js';
import { useProjectedInvoice } from '../billing/projected-invoice.js';
import { Figures } from '../parts/figures.js';
import { formatMicros, formatMoney } from '../parts/money.js';
import { COST_METERS, sumMicros } from './cost-meters.js';
import type { CostAnswer } from './use-costs.js';

interface CostFiguresProps {
  readonly answer: CostAnswer;
  /** `2026-11`. */
  readonly month: string;
  /** Of the organization, and not of one database. */
  readonly isWhole: boolean;
}

/** What the month comes to: the lines of its invoice, and how it will go on. */
export function CostFigures({ answer, month, isWhole }: CostFiguresProps) {
  const { amounts, currency, rows } = answer;
  const meters = COST_METERS.map(({ meter, name }) => ({
    label: name,
    value:
      isWhole && meter !== 'total'
        ? formatMoney(amounts[meter], currency)
        : formatMicros(sumMicros(rows, meter), currency),
  }));
  if (!isWhole) return <Figures figures={meters} />;
  const flat = [
    { label: 'Fee', value: formatMoney(amounts.fee, currency) },
    { label: 'Up to the minimum', value: formatMoney(amounts.minimum, currency) },
    {
      label: 'Together',
      value: formatMoney(amounts.total, currency),
      note: (
        <Anchor component={Link} to={`/billing/invoice/${month}`} inherit>
          the invoice
        </Anchor>
      ),
    },
  ];
  return (
    <>
      <Figures figures={[...meters, ...flat]} />
      {month === monthOf(new Date()) && <Forecast month={month} />}
    </>
  );
}

function Forecast({ month }: { readonly month: string }) {
  const draft = useInvoice(month).data;
  return draft ? <Projected draft={draft} month={month} /> : <></>;
}

function Projected({ draft, month }: { readonly draft: Invoice; readonly month: string }) {
  const whole = useProjectedInvoice(draft, month, new Date());
  return (
    <Figures
      figures={[
        {
          label: 'If it goes on like that',
          value: whole === undefined ? '…' : formatMoney(whole, draft.currency),
          note: 'the invoice of this month, with what came late of others',
        },
      ]}
    />
  );
}
