import type { FaultKind } from './plan/fault-kind.js';

export interface ChaosSettings {
  /** The built checkout. */
  readonly repository: string;
  /** For data and logs; exists. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the load; starting, reading back and stopping come on top. */
  readonly minutes: number;
  readonly seed: number;
  readonly requestsPerSecond: number;
  /** Only these faults; all that are possible when it is empty. */
  readonly only: readonly FaultKind[];
}
