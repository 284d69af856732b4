import type { Prisma } from '../generated/client.js';

/**
 * The next number of its kind, from 1. Others who want one wait until this transaction has ended: when it is undone the number is given again, so that there are no gaps.
 */
export async function nextNumber(
  transaction: Prisma.TransactionClient,
  kind: 'invoice' | 'credit-note',
): Promise<bigint> {
  const { last } = await transaction.billingCounter.update({ where: { kind }, data: { last: { increment: 1 } } });
  return last;
}
