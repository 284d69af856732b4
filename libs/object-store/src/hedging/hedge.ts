import type { Clock } from '@leasehold/foundation';

import type { HedgeBudget } from './hedge-budget.js';

export interface HedgedCall<T> {
  /** One attempt, which ends when the signal aborts. Both say the same. */
  readonly send: (signal: AbortSignal) => Promise<T>;
  /** An answer that is not clear counts only when the other attempt has none either. */
  readonly isClear: (answer: T) => boolean;
  /** Without an answer by then it is sent once more, if the budget has a hedge. */
  readonly afterMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The first clear answer of at most two attempts; the other one is aborted, and may have taken effect or still do so. An attempt that
 * rejects ends the call.
 */
export function hedge<T>(
  clock: Clock,
  budget: HedgeBudget,
  { send, isClear, afterMs, signal }: HedgedCall<T>,
): Promise<T> {
  // Not AbortSignal.any: a signal that lives as long as its session would remember every call.
  const over = new AbortController();
  const onAbort = (): void => over.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  return new Promise((resolve, reject) => {
    let open = 0;
    let decided = false;
    const decide = (how: () => void): void => {
      if (decided) return;
      decided = true;
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      over.abort(new Error('the other of two identical calls was answered first'));
      how();
    };
    const attempt = (): void => {
      open++;
      send(over.signal).then(
        (answer) => {
          open--;
          if (isClear(answer) || open === 0) decide(() => resolve(answer));
        },
        (error: unknown) => decide(() => reject(error as Error)),
      );
    };
    const timer = clock.schedule(afterMs, () => {
      if (over.signal.aborted || !budget.spend()) return;
      attempt();
    });
    attempt();
  });
}
