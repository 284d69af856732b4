import { isTenantId } from '@leasehold/foundation';
import type { Metadata } from '@leasehold/metadata';
import { RevocationLog } from '@leasehold/revocations';
import type { Logger } from '@leasehold/service-kit';

import type { OperatorsBucket } from './operators-bucket.js';

/** The log of the bucket. States of it that nobody can read are gone by what Postgres has copied of them. */
export function openRevocationLog(
  bucket: OperatorsBucket,
  { suspensions }: Pick<Metadata, 'suspensions'>,
  logger: Logger,
): RevocationLog {
  return new RevocationLog(bucket, {
    copied: async () => {
      const copied = await suspensions.copied();
      if (copied === undefined) return undefined;
      const suspended = copied.suspended.flatMap((row) => {
        const { organizationId: tenantId, reason, suspendedBy: by, suspendedAt, number } = row;
        return isTenantId(tenantId) ? [{ tenantId, reason, by, at: suspendedAt.getTime(), number }] : [];
      });
      return { number: copied.number, suspended };
    },
    repaired: (passed) =>
      logger.error(passed, 'revocations that cannot be read were passed over: look who is suspended'),
  });
}
