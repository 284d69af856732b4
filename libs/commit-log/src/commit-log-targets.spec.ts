import { describe, expect, it } from '@jest/globals';
import type { DatabaseId } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { Session } from '@leasehold/lease';
import { MemoryStore } from '@leasehold/object-store';

import { CommitLog } from './commit-log.js';
import type { CommitLogSettings } from './commit-log-settings.js';
import { COMMIT_LOG_MODES } from './commit-log-settings.js';
import { LatencyStore, S3_PUT } from './testing/latency-store.js';

interface Load {
  readonly databases: number;
  readonly writesPerSecond: number;
  readonly seconds: number;
}

interface Measured {
  /** Of the whole worker: segments, hedges, rollups, renewals. */
  readonly putsPerWrite: number;
  /** From the moment a write was due; ms. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly looseSegments: number;
}

const idOf = (number: number): DatabaseId =>
  `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as DatabaseId;

/** An open loop of writes at random moments, each to the next of its databases; nothing is ever flushed. */
async function measure(settings: CommitLogSettings, load: Load): Promise<Measured> {
  const clock = new FakeClock();
  const random = seededRandom(11);
  const store = new LatencyStore(new MemoryStore(clock), clock, seededRandom(12), S3_PUT);
  const ctx = { store, clock, random: seededRandom(13) };
  const session = await clock.settle(Session.start(ctx, { endpoint: 'http://a', pid: 1, host: 'a', ttlMs: 5_000 }));
  const log = new CommitLog({ ...ctx, session }, settings);
  const writes = load.writesPerSecond * load.seconds;
  const latencies: number[] = [];
  const putsBefore = store.puts.length;
  let looseSegments = 0;
  const payload = new Uint8Array(1_024);
  const write = (number: number): void => {
    if (number === writes) return;
    const begunMs = clock.monotonic();
    const sequence = 1 + Math.floor(number / load.databases);
    const databaseId = idOf(number % load.databases);
    void log
      .append({ databaseId, epoch: 1, firstSequence: sequence, lastSequence: sequence, payload })
      .then(() => void latencies.push(clock.monotonic() - begunMs));
    looseSegments = Math.max(looseSegments, log.looseSegments());
    clock.schedule((-Math.log(1 - random.fraction()) * 1_000) / load.writesPerSecond, () => write(number + 1));
  };
  write(0);
  await clock.advance(load.seconds * 1_000);
  const puts = store.puts.length - putsBefore;
  await clock.settle(log.idle());
  session.stop();
  latencies.sort((a, b) => a - b);
  const at = (quantile: number): number => latencies[Math.floor(latencies.length * quantile)] ?? NaN;
  return { putsPerWrite: puts / latencies.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), looseSegments };
}

const [, PUT_P50, PUT_P99] = S3_PUT;

describe('targets at 1,000 databases with a write a second each, puts as slow as those of S3', () => {
  const load = { databases: 1_000, writesPerSecond: 1_000, seconds: 20 };

  it('fast: at most 0.15 puts per write, 1.15 times a put in the middle and 1.2 times at the 99th percentile', async () => {
    const measured = await measure(COMMIT_LOG_MODES.fast, load);
    expect(measured.putsPerWrite).toBeLessThanOrEqual(0.15);
    expect(measured.p50).toBeLessThanOrEqual(1.15 * PUT_P50);
    expect(measured.p99).toBeLessThanOrEqual(1.2 * PUT_P99);
    // L5: far from the limit, so that no write ever waits for a rollup.
    expect(measured.looseSegments).toBeLessThan(384);
  });

  it('economy: at most 0.05 puts per write', async () => {
    const measured = await measure(COMMIT_LOG_MODES.economy, load);
    expect(measured.putsPerWrite).toBeLessThanOrEqual(0.05);
    expect(measured.p99).toBeLessThanOrEqual(PUT_P99 + 1_000 / 25);
  });
});

describe('targets at 10,000 databases with a write a minute each', () => {
  it('economy: at most 0.2 puts per write', async () => {
    const load = { databases: 10_000, writesPerSecond: 10_000 / 60, seconds: 60 };
    const measured = await measure(COMMIT_LOG_MODES.economy, load);
    expect(measured.putsPerWrite).toBeLessThanOrEqual(0.2);
  });
});
