import type { Random } from '@leasehold/foundation';
import { isLeaseholdError, toBase64Url } from '@leasehold/foundation';
import type { Cost, KvWriteOutcome, TransactionRequest } from '@leasehold/protocol';
import { encodeTransaction, IDEMPOTENCY_HEADER, parseVersionstamp } from '@leasehold/protocol';

import { problemMembers, refusalOf } from '../forwarding/refusal.js';
import type { WorkerAnswer } from '../forwarding/worker-answer.js';
import type { AskWorker } from './kv-reads.js';
import { costOf } from './kv-reads.js';

export interface KvWrite {
  readonly outcome: KvWriteOutcome;
  readonly cost: Cost | undefined;
  /** Why nobody knows how it ended. */
  readonly cause?: unknown;
}

const KEY_BYTES = 16;
/** Of refusals, those that leave open whether anything was applied. */
const OF_UNKNOWN_OUTCOME = ['outcome-unknown', 'internal'];

/** A key under which one write is applied once, however often it is sent. */
export function drawnKey(random: Random): string {
  return toBase64Url(random.bytes(KEY_BYTES));
}

/**
 * Sends a write under an idempotency key: the gateway repeats it where its answer is lost, so that the death of a worker is not seen. Clients
 * of KV Connect repeat by themselves whatever is answered with a 5xx, without any key: so an outcome that nobody knows is no 5xx to
 * them but a status of the protocol, which tells them not to.
 * @throws ProblemError what the worker has refused: nothing was applied
 */
export async function write(ask: AskWorker, transaction: TransactionRequest, key: string): Promise<KvWrite> {
  const hop = { method: 'POST', resource: 'transactions', body: encodeTransaction(transaction) } as const;
  try {
    const answer = await ask({ ...hop, repetition: 'once', headers: { [IDEMPOTENCY_HEADER]: key } });
    // The day's keys are used up: then without.
    const isRefusedKey = answer.status === 429 && problemMembers(answer).code === 'idempotency-keys-exhausted';
    return outcomeOf(isRefusedKey ? await ask({ ...hop, repetition: 'unsafe' }) : answer);
  } catch (error) {
    if (isLeaseholdError(error) && !OF_UNKNOWN_OUTCOME.includes(error.code)) throw error;
    return { outcome: { kind: 'unknown' }, cost: undefined, cause: error };
  }
}

function outcomeOf(answer: WorkerAnswer): KvWrite {
  const members = problemMembers(answer);
  if (answer.status === 200) {
    const version = parseVersionstamp(String(members['version']));
    if (version === undefined) throw refusalOf(answer);
    return { outcome: { kind: 'committed', version }, cost: costOf(answer) };
  }
  if (members['code'] !== 'precondition-failed') throw refusalOf(answer);
  const { failedCheck } = members;
  const position = typeof failedCheck === 'number' ? failedCheck : undefined;
  return { outcome: { kind: 'check-failed', failedCheck: position }, cost: costOf(answer) };
}
