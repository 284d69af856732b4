import { useQuery } from '@tanstack/react-query';

import { answerOf, control } from '../api/control.js';
import { Problem } from '../api/problem.js';
import { monthOf } from '../billing/invoice-list.js';
import { Figures } from '../parts/figures.js';
import { formatMoney } from '../parts/money.js';
import { ScreenState } from '../parts/screen-state.js';

/** What a tenant's month comes to until now. */
export function TenantInvoice({ tenantId }: { readonly tenantId: string }) {
  const month = monthOf(new Date());
  const draft = useQuery({
    queryKey: ['tenant-invoice', tenantId, month],
    queryFn: async ({ signal }) => {
      try {
        const params = { path: { id: tenantId, month } };
        return await answerOf(control.GET('/v1/admin/tenants/{id}/invoices/{month}', { signal, params }));
      } catch (error) {
        if (error instanceof Problem && error.code === 'not-found') return null;
        throw error;
      }
    },
  });
  return (
    <ScreenState query={draft} skeletonRows={1}>
      {(invoice) => (
        <Figures
          figures={[
            {
              label: 'Revenue of this month so far',
              value: invoice === null ? 'nothing' : formatMoney(invoice.total, invoice.currency),
            },
          ]}
        />
      )}
    </ScreenState>
  );
}
