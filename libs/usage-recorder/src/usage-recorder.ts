import { bucketLayout } from '@leasehold/bucket-layout';
import type { Clock, Random } from '@leasehold/foundation';
import { encodeUsageRecord, type DatabaseUsage, type UsageMeter } from '@leasehold/metering';
import type { ObjectStore } from '@leasehold/object-store';

import { SessionRecorder, type RecordSource, type SessionRecorderSettings } from './session-recorder.js';

export interface UsageRecorderContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: UsageMeter;
  /** A record could not be written, and will be tried again. */
  readonly onFailed: (error: unknown) => void;
}

/** Intervals, reads and sizes in one record; more make further ones. Some 5 MB unpacked. */
const RECORD_ENTRIES = 100_000;

/** Puts what was used into the bucket (docs/formats/usage.md). */
export class UsageRecorder extends SessionRecorder<readonly DatabaseUsage[]> {
  constructor({ meter, ...ctx }: UsageRecorderContext, settings: SessionRecorderSettings) {
    super({ ...ctx, source: sourceOf(meter) }, settings);
  }
}

function sourceOf(meter: UsageMeter): RecordSource<readonly DatabaseUsage[]> {
  return {
    get isEmpty() {
      return meter.isEmpty;
    },
    take: () => partsOf(meter.take()),
    name: bucketLayout.usageRecord,
    encode: (of, databases) => encodeUsageRecord({ ...of, databases }),
  };
}

/** In their order, in parts of a bounded size. */
function partsOf(databases: readonly DatabaseUsage[]): readonly (readonly DatabaseUsage[])[] {
  const parts: DatabaseUsage[][] = [];
  let entries = Infinity;
  for (const usage of databases) {
    const more = 1 + usage.writes.length + usage.reads.length + usage.sizes.length;
    if (entries + more > RECORD_ENTRIES) {
      parts.push([]);
      entries = 0;
    }
    parts.at(-1)?.push(usage);
    entries += more;
  }
  return parts;
}
