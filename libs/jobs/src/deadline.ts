import type { Clock } from '@leasehold/foundation';

/**
 * The work's result, or an error after `timeoutMs` or as soon as the signal aborts. The work itself goes on: whoever
 * gives up on it must be able to live with its late effect.
 */
export async function withDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  work: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const finished = new AbortController();
  const given = signal === undefined ? finished.signal : AbortSignal.any([finished.signal, signal]);
  const expiry = clock.sleep(timeoutMs, given).then(
    () => Promise.reject(new Error(`no answer within ${timeoutMs} ms`)),
    (reason: unknown) => Promise.reject(reason as Error),
  );
  try {
    return await Promise.race([work, expiry]);
  } finally {
    finished.abort(new Error('finished'));
  }
}
