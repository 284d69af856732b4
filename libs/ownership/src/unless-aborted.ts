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
    const onAbort = (event: Event): void => giveUp(event.target as AbortSignal);
    const giveUp = ({ reason }: AbortSignal): void => {
      stop();
      reject(tooLate(reason));
    };
    const stop = (): void => {
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
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
    if (aborted !== undefined) return giveUp(aborted);
    for (const signal of signals) signal.addEventListener('abort', onAbort);
  });
}
