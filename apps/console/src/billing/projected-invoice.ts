import { useQuery } from '@tanstack/react-query';

import { answerOf, control } from '../api/control.js';
import { INVOICES, type Invoice } from './invoice-list.js';
import { projectedInvoice, type DraftLine } from './projection.js';
import { usePrices } from './prices.js';

/** Of a draft: more than a month of plans that change each hour has. */
const MAX_LINES = 1_000;

/** What the draft of a month comes to if it goes on as until now; undefined while that is not known. */
export function useProjectedInvoice(draft: Invoice, month: string, now: Date): number | undefined {
  const lines = useQuery({
    queryKey: [...INVOICES, month, 'projected'],
    queryFn: async ({ signal }) => {
      const params = { path: { id: month }, query: { limit: MAX_LINES } };
      return (await answerOf(control.GET('/v1/invoices/{id}/lines', { signal, params }))).lines;
    },
  });
  const prices = usePrices();
  if (lines.data === undefined || prices.data === undefined) return undefined;
  const { versions } = prices.data;
  const includedOf = ({ plan, planVersion, meter }: DraftLine) => {
    const held = versions.find((version) => version.plan === plan && version.version === planVersion);
    return meter === null || held === undefined ? 0 : Number(held.prices[meter].included);
  };
  const { from, to } = draft.period;
  return projectedInvoice(draft.total, lines.data, includedOf, { from: new Date(from), to: new Date(to) }, now);
}
