import type { Prisma } from './generated/client.js';

/**
 * Until the transaction ends nobody else changes who is in the organization, or makes what it may have so many of: what was read of its members,
 * or counted, stays true. Does not hold up what merely refers to the organization, such as new databases.
 *
 * @returns false when there is no such organization
 */
export async function lockOrganization(transaction: Prisma.TransactionClient, id: string): Promise<boolean> {
  const rows = await transaction.$queryRaw<unknown[]>`
    SELECT id FROM organizations WHERE id = ${id} FOR NO KEY UPDATE`;
  return rows.length > 0;
}
