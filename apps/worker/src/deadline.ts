import type { Clock } from '@leasehold/foundation';

/** A signal that aborts after `ms`; `done` stops the clock. */
export function deadline(clock: Clock, ms: number): { readonly signal: AbortSignal; readonly done: () => void } {
  const controller = new AbortController();
  const timer = clock.schedule(ms, () => controller.abort(new Error(`no more time after ${ms} ms`)));
  return { signal: controller.signal, done: () => timer.cancel() };
}
