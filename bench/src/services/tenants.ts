import type { DatabaseIdentity } from '@leasehold/engine';
import type { TenantId } from '@leasehold/foundation';

import { benchDatabase } from '../world/identities.js';

/** The n-th tenant has one database, of this name. 0 is the one that floods. */
export const DATABASE_NAME = 'main';
export const NOISY = 0;

export function tenantDatabase(number: number): DatabaseIdentity {
  return { ...benchDatabase(number), tenantId: `tenant-${number}` as TenantId, name: DATABASE_NAME };
}
