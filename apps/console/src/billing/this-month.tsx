import { Anchor } from '@mantine/core';
import { Link } from 'wouter';

import { Figures } from '../parts/figures.js';
import { Instant } from '../parts/instant.js';
import { formatMoney } from '../parts/money.js';
import { ScreenState } from '../parts/screen-state.js';
import { monthOf, useInvoice } from './invoice-list.js';
import { projected } from './projection.js';

/** The draft of the month that runs, and what it comes to. */
export function ThisMonth() {
  const now = new Date();
  const month = monthOf(now);
  const draft = useInvoice(month);
  return (
    <ScreenState query={draft} skeletonRows={2}>
      {(invoice) => {
        if (invoice === null) return <Figures figures={[{ label: 'This month so far', value: 'nothing' }]} />;
        const { total, currency, period, completeTo } = invoice;
        const whole = projected(total, new Date(period.from), new Date(period.to), now);
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
                value: formatMoney(whole, currency),
                note: 'by the end of the month',
              },
              { label: 'Usage is told until', value: <Instant at={completeTo} none="nothing yet" /> },
            ]}
          />
        );
      }}
    </ScreenState>
  );
}
