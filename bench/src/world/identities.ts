import type { DatabaseIdentity } from '@leasehold/engine';
import type { DatabaseId, TenantId } from '@leasehold/foundation';

/** The n-th database of a benchmark, the same in every process that takes part. */
export function benchDatabase(number: number): DatabaseIdentity {
  const digits = String(number).padStart(12, '0');
  return {
    databaseId: `00000000-0000-4000-8000-${digits}` as DatabaseId,
    tenantId: 'bench' as TenantId,
    name: `bench-${digits}`,
  };
}
