import { bucketLayout } from '@leasehold/bucket-layout';
import type { Clock, Random } from '@leasehold/foundation';
import { encodeTrafficRecord, type DatabaseMinute, type TrafficMeter } from '@leasehold/metering';
import type { ObjectStore } from '@leasehold/object-store';

import { SessionRecorder, type RecordHead } from './session-recorder.js';

export interface TrafficRecorderContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: TrafficMeter;
  /** A record could not be written, and will be tried again. */
  readonly onFailed: (error: unknown) => void;
}

interface Part {
  readonly minutes: readonly DatabaseMinute[];
  readonly others: number;
}

/** So that a minute is in one record. */
const INTERVAL_MS = 60_000;

/** Puts the traffic of each minute into the bucket (docs/formats/traffic.md). */
export class TrafficRecorder extends SessionRecorder<Part> {
  constructor({ meter, ...ctx }: TrafficRecorderContext) {
    const source = {
      get isEmpty() {
        return meter.isEmpty;
      },
      take: () => [meter.take()],
      name: bucketLayout.trafficRecord,
      encode: (of: RecordHead, part: Part) => encodeTrafficRecord({ ...of, ...part }),
    };
    super({ ...ctx, source }, { intervalMs: INTERVAL_MS, isAligned: true });
  }
}
