import type { DatabaseIdentity } from '@leasehold/engine';
import type { Version } from '@leasehold/foundation';
import { isLeaseholdError } from '@leasehold/foundation';
import { UnknownOutcomeError } from '@leasehold/object-store';
import type { DatabaseAccess, DurabilityListener, Transaction } from '@leasehold/ownership';

/**
 * What apps/worker does ahead of its routes with a put or delete that asks for nothing: it has its number at once, and is answered when the
 * log tells, or when there is no more time. Undefined: the route has it, and nothing was done.
 */
export function writtenAhead(
  { databases }: DatabaseAccess,
  { databaseId, tenantId }: DatabaseIdentity,
  { checks, ops, idempotencyKey }: Transaction,
  signal: AbortSignal,
): Promise<Version> | undefined {
  const op = ops[0];
  const isPlain = ops.length === 1 && checks.length === 0;
  if (!isPlain || !(op?.op === 'put' || op?.op === 'delete')) return undefined;
  const database = databases.get(databaseId);
  if (database === undefined || database.head.tenantId !== tenantId || signal.aborted) return undefined;
  let listener!: DurabilityListener;
  const durable = new Promise<void>((resolve, lost) => (listener = { durable: resolve, lost }));
  try {
    const plain = op.op === 'delete' ? op : ({ ...op, op: 'put' } as const);
    const version = databases.writeNow(database, { op: plain, idempotencyKey }, listener);
    return version && waited(durable, signal, () => databases.leave(database)).then(() => version);
  } catch (error) {
    if (!isLeaseholdError(error)) throw error;
    return undefined;
  }
}

async function waited(durable: Promise<void>, signal: AbortSignal, leave: () => void): Promise<void> {
  let onAbort!: () => void;
  const tooLate = new Promise<never>((_, reject) => {
    onAbort = () => reject(new UnknownOutcomeError('commit was not durable in time', { cause: signal.reason }));
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([durable, tooLate]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    leave();
  }
}
