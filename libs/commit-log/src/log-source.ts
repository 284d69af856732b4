import type { LogObjectName } from './log-object.js';

/** A segment or rollup that exists for recovery, and how large the listing says it is. */
export type LogSource = LogObjectName & { readonly sizeBytes: number };
