import type { Append } from './frame.js';

/** An accepted append that is not yet durable. */
export interface PendingAppend extends Append {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** Number of the segment that holds it, once it is put. */
  segment: number | undefined;
  /** Already superseded by a head before it was put: nobody will ask the log for it. */
  needless: boolean;
}
