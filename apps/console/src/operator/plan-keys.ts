import { useQuery } from '@tanstack/react-query';

import { answerOf, control, type Schemas } from '../api/control.js';
import { formatBytes, formatCount } from '../parts/format.js';
import type { Limit } from './limits.js';

export type Plan = Schemas['PlanPage']['plans'][number];

/** What is asked for again once a plan was changed. */
export const PLANS = ['plans'] as const;

/** An operator decides about each: there are no more of them in one installation. */
const MAX_PLANS = 1_000;

/** All plans, by id. */
export function usePlans() {
  return useQuery({
    queryKey: PLANS,
    queryFn: async ({ signal }) =>
      (await answerOf(control.GET('/v1/admin/plans', { signal, params: { query: { limit: MAX_PLANS } } }))).plans,
  });
}

/** For people: bytes in their largest unit. */
export function textOfLimit(plan: Plan, limit: Limit): string {
  const most = plan[limit];
  if (most === null) return 'no limit';
  return limit === 'storageBytes' || limit === 'bytesPerSecond' ? formatBytes(most) : formatCount(most);
}
