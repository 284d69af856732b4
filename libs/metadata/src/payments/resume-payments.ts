import type { Prisma } from '../generated/client.js';

/** The organization can be charged now: what waits for that does not wait any longer. */
export async function resumePayments(
  transaction: Pick<Prisma.TransactionClient, '$executeRaw'>,
  organizationId: string,
  now: Date,
): Promise<void> {
  // In one order, so that two of them do not wait for each other.
  await transaction.$executeRaw`
    UPDATE payments SET next_step_at = ${now}::timestamptz, next_charge_at = ${now}::timestamptz WHERE invoice_id IN (
      SELECT invoice_id FROM payments
      WHERE organization_id = ${organizationId} AND state IN ('waiting', 'failed') AND bill = 'open'
      ORDER BY invoice_id FOR UPDATE)`;
}
