import type { Random, Clock } from '@leasehold/foundation';
import { systemClock, systemRandom } from '@leasehold/foundation';
import { reliableReads, type ObjectStore } from '@leasehold/object-store';
import { createS3Store } from '@leasehold/object-store-s3';
import { s3SettingsOf } from '@leasehold/service-kit';

import type { ControlPlaneConfig } from '../config.js';

/** The bucket of the data plane, where the control plane is told of it: for revocations, and to look at workers. */
export interface OperatorsBucket {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  close(): void;
}

/** Undefined when there is none in the configuration: then what needs it says so. */
export function openOperatorsBucket(config: ControlPlaneConfig): OperatorsBucket | undefined {
  const { S3_BUCKET } = config;
  if (S3_BUCKET === undefined) return undefined;
  const bucket = createS3Store(s3SettingsOf({ ...config, S3_BUCKET }));
  const context = { clock: systemClock, random: systemRandom };
  return { store: reliableReads(bucket, context.clock, context.random), ...context, close: () => bucket.close() };
}
