import type { TransactionCheck, TransactionOperation, TransactionRequest } from '../transaction-request.js';
import type { KvAtomicWrite, KvMutation } from './atomic-write.js';
import { encodeStoredValue, storedPrefix } from './stored-value.js';

/** Nothing begins before it: a range that holds no key, whose delete is a commit that changes nothing. */
const NO_KEYS = { start: Uint8Array.of(0), end: Uint8Array.of(0) };
const COUNTER_PREFIX = storedPrefix('le64');

/**
 * The write as a transaction of Leasehold: the mutations in their order at one version, if the checks hold on the state before. A write without
 * mutations is a commit of its own version, too.
 */
export function transactionOfKv({ checks, mutations }: KvAtomicWrite): TransactionRequest {
  const ops = mutations.map(operationOf);
  return {
    checks: checks.map(({ key, version }): TransactionCheck => ({
      kind: 'key',
      key,
      precondition: version === undefined ? { kind: 'absent' } : { kind: 'version', version },
    })),
    ops: ops.length > 0 ? ops : [{ op: 'deleteRange', range: NO_KEYS }],
  };
}

function operationOf(mutation: KvMutation): TransactionOperation {
  const { key } = mutation;
  switch (mutation.type) {
    case 'delete':
      return { op: 'delete', key };
    case 'set':
    case 'setSuffixed': {
      const { value, expiresAt } = mutation;
      const lifetime = expiresAt === undefined ? {} : { lifetime: { expiresAt } };
      const op = mutation.type === 'set' ? 'put' : 'putVersionstamped';
      return { op, key, value: encodeStoredValue(value), ...lifetime };
    }
    case 'sum':
    case 'min':
    case 'max':
      // Of Deno's, a counter that is written does not end any more.
      return {
        op: mutation.type,
        key,
        operand: mutation.operand,
        prefix: COUNTER_PREFIX,
        lifetime: { expiresAt: Infinity },
      };
  }
}
