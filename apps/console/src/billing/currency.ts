import { monthOf, useInvoice } from './invoice-list.js';
import { usePrices } from './prices.js';

/** Where nothing has a price yet. */
const UNTIL_KNOWN = 'USD';

/** In which everything here is billed: there is one. A plan that costs nothing may name another. */
export function useCurrency(): string {
  const draft = useInvoice(monthOf(new Date()));
  const prices = usePrices();
  return draft.data?.currency ?? prices.data?.versions.at(-1)?.currency ?? UNTIL_KNOWN;
}
