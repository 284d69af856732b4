type OnAbort = (reason: unknown) => void;

/** Those who wait under a signal: one listener for all, because a signal looks through its listeners at each new one. */
const WAITING = new WeakMap<AbortSignal, Set<OnAbort>>();

/**
 * Settles as `promise` does, unless a signal aborts first: then rejects with what `tooLate` makes of the signal's reason.
 * The promise itself goes on; its end is nobody's surprise.
 */
export function unlessAborted<T>(
  promise: Promise<T>,
  signals: readonly AbortSignal[],
  tooLate: (reason: unknown) => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      for (const signal of signals) leave(signal, onAbort);
    };
    const onAbort = (reason: unknown): void => {
      stop();
      reject(tooLate(reason));
    };
    promise.then(
      (value) => {
        stop();
        resolve(value);
      },
      (error: unknown) => {
        stop();
        reject(error as Error);
      },
    );
    // A signal that has aborted already tells nobody any more.
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted !== undefined) return reject(tooLate(aborted.reason));
    for (const signal of signals) join(signal, onAbort);
  });
}

function join(signal: AbortSignal, onAbort: OnAbort): void {
  const waiting = WAITING.get(signal);
  if (waiting !== undefined) {
    waiting.add(onAbort);
    return;
  }
  WAITING.set(signal, new Set([onAbort]));
  signal.addEventListener('abort', tellAll);
}

function leave(signal: AbortSignal, onAbort: OnAbort): void {
  const waiting = WAITING.get(signal);
  if (waiting === undefined || !waiting.delete(onAbort) || waiting.size > 0) return;
  WAITING.delete(signal);
  signal.removeEventListener('abort', tellAll);
}

function tellAll(event: Event): void {
  const signal = event.target as AbortSignal;
  for (const onAbort of [...(WAITING.get(signal) ?? [])]) onAbort(signal.reason);
}
