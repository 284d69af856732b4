/** Work on many entries that goes on for as long as it takes, can be ended between two steps, and goes on from where it was. */
export interface TransferRun {
  /**
   * Does what is left. After it has thrown it can be called again, unless {@link mayGoOn} says no.
   * @returns whether all is done; false: it was stopped
   */
  run(stop: AbortSignal): Promise<boolean>;
  /** Whether doing the same again can succeed after this. */
  mayGoOn(error: Error): boolean;
  /** Lets go of files. Safe to repeat, and to call while it runs: it is to be stopped by then. */
  close(): void;
}
