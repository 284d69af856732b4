import type { Clock, Random } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

/** The fastest put, then the 50th, 99th and 99.9th percentile; ms. */
export type LatencyProfile = readonly [fastest: number, p50: number, p99: number, p999: number];

/** PUTs of S3 as they are published; the profile `s3` of docs/testing.md. */
export const S3_PUT: LatencyProfile = [17.4, 29, 75, 274];

/** Where the numbers of a profile lie, in nines: 0.9 is one, 0.99 two. */
const NINES = [0, -Math.log10(0.5), 2, 3] as const;

/** Geometrically over the number of nines, which draws the long tail of such distributions as a straight line. */
function latencyAt(profile: LatencyProfile, fraction: number): number {
  const nines = Math.min(3, -Math.log10(1 - fraction));
  const upper = Math.max(
    1,
    NINES.findIndex((at) => at >= nines),
  );
  const [from, to] = [NINES[upper - 1] as number, NINES[upper] as number];
  const [fromMs, toMs] = [profile[upper - 1] as number, profile[upper] as number];
  return fromMs * (toMs / fromMs) ** ((nines - from) / (to - from));
}

/** A store whose puts take as long as a profile says, and are applied at the end of it, also when they were given up. */
export class LatencyStore implements ObjectStore {
  /** Keys of all puts in the order of their sending. */
  readonly puts: string[] = [];

  constructor(
    private readonly inner: ObjectStore,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly profile: LatencyProfile,
  ) {}

  get: ObjectStore['get'] = (...call) => this.inner.get(...call);
  list: ObjectStore['list'] = (...call) => this.inner.list(...call);
  delete: ObjectStore['delete'] = (...call) => this.inner.delete(...call);

  put: ObjectStore['put'] = async (key, body, condition) => {
    this.puts.push(key);
    await this.clock.sleep(latencyAt(this.profile, this.random.fraction()));
    return this.inner.put(key, body, condition);
  };
}
