import type { Repetition } from './repetition.js';

/** How long an attempt waits for its answer, and what it means if none comes. */
export interface Patience {
  readonly timeoutMs: number;
  /** What the worker is told that it has: its word that nothing was applied must still find a listener. */
  readonly workerMs: number;
  /** Whether silence for so long says that something is wrong with the worker. */
  readonly blameSilence: boolean;
}

export interface Attempt {
  readonly repetition: Repetition;
  /** The worker is told to wait for the end of another session first. */
  readonly waitsForOwner: boolean;
  /** Of the hold time. */
  readonly leftMs: number;
}

/** What may be sent again and gets no answer in this time is asked elsewhere: a stopped process accepts connections for ever. */
const ATTEMPT_MS = 5_000;
/** A mutation that a worker has taken gets this long to become durable, even at the end of the hold time. */
const COMMIT_GRACE_MS = 3_000;
/** For the way back. */
const ANSWER_MARGIN_MS = 500;

/**
 * What must not be sent again is waited for to the end. A worker is not blamed for waiting as it was told, nor for missing the
 * short rest of a hold time: its breaker would keep everybody away from it.
 */
export function patienceFor({ repetition, waitsForOwner, leftMs }: Attempt): Patience {
  const wholeMs = repetition === 'harmless' ? leftMs : leftMs + COMMIT_GRACE_MS;
  const timeoutMs = repetition === 'unsafe' || waitsForOwner ? wholeMs : Math.min(wholeMs, ATTEMPT_MS);
  const workerMs = Math.max(1, Math.floor(timeoutMs - ANSWER_MARGIN_MS));
  return { timeoutMs, workerMs, blameSilence: !waitsForOwner && timeoutMs >= ATTEMPT_MS };
}
