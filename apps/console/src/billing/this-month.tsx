import { Anchor } from '@mantine/core';
import { Link } from 'wouter';

import { Figures } from '../parts/figures.js';
import { Instant } from '../parts/instant.js';
import { formatMoney } from '../parts/money.js';
import { ScreenState } from '../parts/screen-state.js';
import { monthOf, useInvoice, type Invoice } from './invoice-list.js';
import { useProjectedInvoice } from './projected-invoice.js';

/** The draft of the month that runs, and what it comes to. */
export function ThisMonth() {
  const now = new Date();
  const month = monthOf(now);
  const draft = useInvoice(month);
  return (
    <ScreenState query={draft} skeletonRows={2}>
      {(invoice) =>
        invoice === null ? (
          <Figures figures={[{ label: 'This month so far', value: 'nothing' }]} />
        ) : (
          <Draft draft={invoice} month={month} now={now} />
        )
      }
    </ScreenState>
  );
}

function Draft({ draft, month, now }: { readonly draft: Invoice; readonly month: string; readonly now: Date }) {
  const { total, currency, completeTo } = draft;
  const whole = useProjectedInvoice(draft, month, now);
  return (
    <Figures
      figures={[
        {
          label: 'This month so far',
          value: formatMoney(total, currency),
          note: (
            <Anchor component={Link} to={`/billing/invoice/${month}`} inherit>
              what of it is what
            </Anchor>
          ),
        },
        {
          label: 'If it goes on like that',
          value: whole === undefined ? '…' : formatMoney(whole, currency),
          note: 'by the end of the month',
        },
        { label: 'Usage is told until', value: <Instant at={completeTo} none="nothing yet" /> },
      ]}
    />
  );
}
