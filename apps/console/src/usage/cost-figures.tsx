import { Anchor } from '@mantine/core';
import type { ComponentProps } from 'react';
import { Link } from 'wouter';

import { monthOf, useInvoice, type Invoice } from '../billing/invoice-list.js';
import { useProjectedInvoice } from '../billing/projected-invoice.js';
import { Figures } from '../parts/figures.js';
import { formatMicros, formatMoney } from '../parts/money.js';
import { COST_METERS, sumMicros } from './cost-meters.js';
import type { CostAnswer } from './use-costs.js';

type FiguresProps = ComponentProps<typeof Figures>;

interface CostFiguresProps {
  readonly answer: CostAnswer;
  /** `2026-11`. */
  readonly month: string;
  /** Of the organization, and not of one database. */
  readonly isWhole: boolean;
}

/** What the month comes to: the lines of its invoice, and how the present one will go on. */
export function CostFigures({ answer, month, isWhole }: CostFiguresProps) {
  const { amounts, currency, rows } = answer;
  const draft = useInvoice(month).data;
  const meters = COST_METERS.map(({ meter, name }) => {
    const isLine = isWhole && meter !== 'total';
    const value = isLine ? formatMoney(amounts[meter], currency) : formatMicros(sumMicros(rows, meter), currency);
    return { label: name, value };
  });
  if (!isWhole) return <Figures figures={meters} />;
  const note = (
    <Anchor component={Link} to={`/billing/invoice/${month}`} inherit>
      the invoice
    </Anchor>
  );
  const figures = [
    ...meters,
    { label: 'Fee', value: formatMoney(amounts.fee, currency) },
    { label: 'Up to the minimum', value: formatMoney(amounts.minimum, currency) },
    { label: 'Together', value: formatMoney(amounts.total, currency), note },
  ];
  const isPresent = month === monthOf(new Date());
  return draft && isPresent ? (
    <WithForecast figures={figures} draft={draft} month={month} />
  ) : (
    <Figures figures={figures} />
  );
}

interface WithForecastProps {
  readonly figures: FiguresProps['figures'];
  readonly draft: Invoice;
  readonly month: string;
}

function WithForecast({ figures, draft, month }: WithForecastProps) {
  const whole = useProjectedInvoice(draft, month, new Date());
  const forecast = {
    label: 'If it goes on like that',
    value: whole === undefined ? '…' : formatMoney(whole, draft.currency),
    note: 'the invoice of this month, with what came late of others',
  };
  return <Figures figures={[...figures, forecast]} />;
}
