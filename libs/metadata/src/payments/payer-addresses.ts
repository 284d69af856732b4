import { Prisma } from '../generated/client.js';

/** Who looks after money. */
const ROLES = ['owner', 'finance'];
const MAX_ADDRESSES = 20;

/**
 * In a statement, who of an organization is told of invoices and payments: addresses that were shown to be their owners', those of the longest
 * members, 20 at most.
 *
 * @param organizationId an expression
 */
export function payerAddresses(organizationId: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`ARRAY(
    SELECT u.email FROM members m JOIN users u ON u.id = m.user_id
    WHERE m.organization_id = ${organizationId} AND m.role = ANY (${ROLES}) AND u.email_verified
    ORDER BY m.created_at, m.id LIMIT ${MAX_ADDRESSES}::int)`;
}
