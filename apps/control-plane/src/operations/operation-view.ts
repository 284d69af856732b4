import type { OperationRecord } from '@leasehold/metadata';

export function operationView({ createdAt, endedAt, total, done, skipped, errorCode, ...operation }: OperationRecord) {
  return {
    ...operation,
    progress: { total, done, skipped },
    errorCode: operation.state === 'failed' ? errorCode : null,
    createdAt: createdAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  };
}
