import type { JobQueues } from '@leasehold/jobs';
import type { SessionWatch } from '@leasehold/lease';
import type { Metadata } from '@leasehold/metadata';
import type { ObjectStore } from '@leasehold/object-store';
import type { Logger } from '@leasehold/service-kit';
import type { EraseLedger, RecoveredUsage } from '@leasehold/upkeep';
import type { TrafficLedger, UsageLedger, UsageRecounts } from '@leasehold/usage-ledger';

import type { CompactorConfig } from '../config.js';
import type { CompactorMetrics } from '../compactor-metrics.js';

/** What jobs are wired to. */
export interface HandlerParts {
  readonly config: CompactorConfig;
  readonly store: ObjectStore;
  readonly watch: SessionWatch;
  readonly queues: JobQueues;
  /** Of what recovered sessions wrote. */
  readonly usage: RecoveredUsage;
  /** Undefined where there is no Postgres to roll up into. */
  readonly ledger: UsageLedger | undefined;
  /** The same. */
  readonly recounts: UsageRecounts | undefined;
  /** The same. */
  readonly traffic: TrafficLedger | undefined;
  /** Undefined where there is no Postgres: nothing is billed there. */
  readonly metadata: Metadata | undefined;
  /** Undefined where nobody tells which databases are deleted. */
  readonly purges: EraseLedger | undefined;
  readonly metrics: CompactorMetrics;
  readonly log: Logger;
}
