/**
 * Settles as `promise` does, unless a signal aborts first: then rejects with what `tooLate` makes of the signal's reason.
 * The promise itself goes on; its end is nobody's surprise.
 */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signals: readonly AbortSignal[],
  tooLate: (reason: unknown) => Error,
): Promise<T> {
  const watched = signals.map((signal) => watch(signal, tooLate));
  try {
    return await Promise.race([promise, ...watched.map(({ aborted }) => aborted)]);
  } finally {
    for (const { stop } of watched) stop();
  }
}

function watch(
  signal: AbortSignal,
  tooLate: (reason: unknown) => Error,
): { readonly aborted: Promise<never>; readonly stop: () => void } {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(tooLate(signal.reason));
    // A signal that has aborted already tells nobody any more.
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    stop = () => signal.removeEventListener('abort', onAbort);
  });
  return { aborted, stop };
}
