import type { TransactionRequest } from '@leasehold/protocol';
import { ProblemError } from '@leasehold/protocol';

import type { LimitedTenant } from './tenant-limit.js';

/** Its databases take as much as they may together, as far as has been told. */
export function isFull({ quotas }: LimitedTenant): boolean {
  return quotas?.usedUpStorageBytes !== undefined;
}

/** Whoever is full may read and delete. @throws ProblemError quota-exceeded: nothing was applied */
export function requireRoom({ quotas }: LimitedTenant): void {
  const limit = quotas?.usedUpStorageBytes;
  if (limit === undefined) return;
  throw new ProblemError('quota-exceeded', `the databases of the tenant take as many bytes as they may: ${limit}`, {
    members: { quota: 'storageBytes', limit },
  });
}

/** Whether it may leave more than there was. */
export function grows({ ops }: Pick<TransactionRequest, 'ops'>): boolean {
  return ops.some(({ op }) => op !== 'delete' && op !== 'deleteRange');
}
