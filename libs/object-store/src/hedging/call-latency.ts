/** Calls that the expectation rests on: at 140 a second, those of the last two seconds. */
const SAMPLES = 256;
/** Until so many have been seen, {@link UNKNOWN_MS} is expected. */
const SAMPLES_NEEDED = 32;
/** Sorting at each call would cost more than an expectation that is a few calls old. */
const RECOMPUTE_AT = 16;
/** A call that takes longer than this share of the others is slow. */
const SLOW_FROM = 0.97;
const UNKNOWN_MS = 500;
/** Below it the machine's own pauses look like a slow store. */
const AT_LEAST_MS = 20;
/** A store that takes longer for everything is overloaded, or far away; a second call would not be faster. */
const AT_MOST_MS = 2_000;
/** What takes just as long as others is not slow. */
const MARGIN_MS = 1;
/** A stream carries about 40 MB a second at its slowest; what bytes take by themselves is no sign of slowness. */
const BYTES_PER_MS = 40_000;

/** How long a call of one kind is expected to take at most, from how long the last ones took. */
export class CallLatency {
  private readonly samples = new Float64Array(SAMPLES);
  private count = 0;
  private slowMs = UNKNOWN_MS;

  /** @param sizeBytes of the body that it carried, either way */
  add(durationMs: number, sizeBytes: number): void {
    this.samples[this.count++ % SAMPLES] = Math.max(0, durationMs - sizeBytes / BYTES_PER_MS);
    if (this.count < SAMPLES_NEEDED || this.count % RECOMPUTE_AT !== 0) return;
    const sorted = this.samples.slice(0, Math.min(this.count, SAMPLES)).sort();
    const slow = sorted[Math.floor(sorted.length * SLOW_FROM)] as number;
    this.slowMs = Math.min(AT_MOST_MS, Math.max(AT_LEAST_MS, slow));
  }

  /** A call with a body of this size that has no answer by then is slow. */
  expectedMs(sizeBytes: number): number {
    return this.slowMs + MARGIN_MS + sizeBytes / BYTES_PER_MS;
  }
}
