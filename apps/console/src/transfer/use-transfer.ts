import { useEffect, useRef, useState } from 'react';

import type { TransferRun } from './transfer-run.js';

/** `stopped` and `failed` can go on, perhaps. */
export type TransferPhase = 'asked' | 'running' | 'stopping' | 'stopped' | 'failed' | 'done';

export interface Transfer {
  readonly phase: TransferPhase;
  readonly error: Error | undefined;
  /** Whether going on can succeed. */
  readonly mayGoOn: boolean;
  /** Resolves when it has come to an end, whichever. @returns whether the dialog was there to show it */
  readonly start: (run: TransferRun) => Promise<boolean>;
  /** After it has stopped or failed. @returns as `start` does */
  readonly goOn: () => Promise<boolean>;
  readonly stop: () => void;
}

/**
 * What runs in a dialog, and is seen to its end there: the dialog is held open, and the browser asks before the page is left. What leads to another screen all the
 * same stops it.
 * @param onHold told whether the dialog is to be held open
 */
export function useTransfer(onHold: (isHeld: boolean) => void): Transfer {
  const [phase, setPhase] = useState<TransferPhase>('asked');
  const [error, setError] = useState<Error>();
  const current = useRef<{ readonly run: TransferRun; readonly stop: AbortController }>(undefined);
  const isGone = useRef(false);
  const isHeld = phase === 'running' || phase === 'stopping';

  useEffect(() => {
    onHold(isHeld);
    if (!isHeld) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isHeld, onHold]);

  useEffect(() => {
    isGone.current = false;
    return () => {
      isGone.current = true;
      current.current?.stop.abort();
      current.current?.run.close();
    };
  }, []);

  const start = async (run: TransferRun): Promise<boolean> => {
    const stop = new AbortController();
    current.current = { run, stop };
    setError(undefined);
    setPhase('running');
    let isSeen: boolean;
    try {
      const isWhole = await run.run(stop.signal);
      // Now, and not after what is shown has closed the dialog.
      isSeen = !isGone.current;
      setPhase(isWhole ? 'done' : 'stopped');
    } catch (failure) {
      isSeen = !isGone.current;
      setError(failure instanceof Error ? failure : new Error(String(failure)));
      setPhase('failed');
    }
    return isSeen;
  };
  return {
    phase,
    error,
    mayGoOn: phase === 'stopped' || (error !== undefined && current.current?.run.mayGoOn(error) === true),
    start,
    goOn: async () => current.current === undefined || start(current.current.run),
    stop: () => {
      setPhase('stopping');
      current.current?.stop.abort();
    },
  };
}
