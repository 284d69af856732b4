import type { DatabaseIdentity, Head } from '@leasehold/engine';

import { ForeignDatabaseError } from './errors.js';

/**
 * The caller vouches for database and tenant together, and the head says whose it is: a mistake on the way here must not
 * show one tenant the bytes of another. @throws ForeignDatabaseError
 */
export function assertSameTenant(head: Pick<Head, 'tenantId'>, identity: Pick<DatabaseIdentity, 'tenantId'>): void {
  if (head.tenantId !== identity.tenantId) throw new ForeignDatabaseError();
}
