import type { Prisma } from '../generated/client.js';

/**
 * The next numbers of their kind, from 1. Others who want one wait until this transaction has ended: when it is undone the numbers are given again, so that there are no gaps.
 *
 * @param count so many, one behind the other; all have to be used
 * @returns the first of them
 */
export async function nextNumbers(
  transaction: Prisma.TransactionClient,
  kind: 'invoice' | 'credit-note',
  count: number,
): Promise<bigint> {
  const { last } = await transaction.billingCounter.update({ where: { kind }, data: { last: { increment: count } } });
  return last - BigInt(count) + 1n;
}
