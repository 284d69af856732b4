import type { DatabaseIdentity } from '@leasehold/engine';
import type { DatabaseId, TenantId } from '@leasehold/foundation';

/** The databases of a run are numbered from 0; each belongs to a tenant of its own and marks its values with a tag. */
export function databaseOf(number: number): DatabaseIdentity {
  return {
    databaseId: `00000000-0000-4000-8000-${String(number + 1).padStart(12, '0')}` as DatabaseId,
    tenantId: `tenant-${number}` as TenantId,
    name: `database-${number}`,
  };
}

export function numberOf(databaseId: DatabaseId): number {
  return Number(databaseId.slice(-12)) - 1;
}

export function tagOf(number: number): string {
  return `d${number}`;
}
