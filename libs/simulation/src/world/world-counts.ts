import type { StoreFault } from './store-fault.js';

/** What befalls processes, beside what befalls their requests. */
export const PROCESS_FAULTS = [
  'kill',
  'kill-all',
  'pause',
  'long-pause',
  'clock-jump-forward',
  'clock-jump-back',
  'drain',
  'release',
  'cut-from-bucket',
  'cut-from-gateways',
  'kill-gateway',
  'pause-gateway',
  'drain-gateway',
  'kill-compactor',
  'pause-compactor',
  'hop-refused',
  'hop-lost-before',
  'hop-lost-after',
  'client-refused',
  'client-lost-before',
  'client-cut',
  'client-lost-after',
  'job-duplicated',
  'job-late',
  'job-lost',
  'queue-lost',
] as const;
export type ProcessFault = (typeof PROCESS_FAULTS)[number];

/** What a run has met, so that a run which met nothing can be told from one that withstood everything. */
export class WorldCounts {
  /** Databases taken over from another session that had not given them up. */
  takeovers = 0;
  claims = 0;
  releases = 0;
  /** Abandoned puts and deletes that were applied later. */
  lateLandings = 0;
  /** Files that a collection deleted. */
  gcDeletions = 0;
  compactions = 0;
  recoveredTails = 0;
  purgedSessions = 0;
  pins = 0;
  /** Acknowledgements of gateways that no client has heard. */
  lostAcknowledgements = 0;
  /** Clients that asked again under the same idempotency key and were told that it had been done before. */
  repetitions = 0;
  /** Of all troubles, those that came at a failpoint. */
  strikesAtFailpoints = 0;
  readonly faults = new Map<StoreFault | ProcessFault, number>();

  fault(kind: StoreFault | ProcessFault): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }
}
