import type { Clock } from '@leasehold/foundation';

import { Latencies } from '../load/latencies.js';
import type { HttpConnection } from './http-connection.js';

export interface SaturationSettings {
  readonly warmupMs: number;
  readonly durationMs: number;
}

export interface Saturation {
  readonly perSecond: number;
  /** The warm-up included: what the servers' processors have worked for. */
  readonly asked: number;
  /** Of a closed loop: without what a stall keeps from being asked. */
  readonly latencies: Latencies;
}

/**
 * As much as goes over these connections, each of which asks again as soon as it has its answer. Without promises: the client shares the
 * machine with what it measures.
 * @throws Error when an answer is not 200
 */
export function saturate(
  clock: Clock,
  connections: readonly HttpConnection[],
  nextRequest: () => Buffer,
  { warmupMs, durationMs }: SaturationSettings,
): Promise<Saturation> {
  const measuredFrom = clock.monotonic() + warmupMs;
  const endsAt = measuredFrom + durationMs;
  const latencies = new Latencies();
  let asked = 0;
  let measured = 0;
  let open = connections.length;
  let failure: number | undefined;
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      if (--open > 0) return;
      if (failure !== undefined) return reject(new Error(`answered ${failure}`));
      resolve({ perSecond: (measured * 1_000) / (clock.monotonic() - measuredFrom), asked, latencies });
    };
    const lane = (connection: HttpConnection): void => {
      let askedAt = clock.monotonic();
      const ask = (): void => {
        asked++;
        connection.ask(nextRequest(), onAnswer);
      };
      const onAnswer = (status: number): void => {
        const now = clock.monotonic();
        if (status !== 200) failure ??= status;
        if (now >= measuredFrom) {
          measured++;
          latencies.record(now - askedAt);
        }
        askedAt = now;
        if (now >= endsAt || failure !== undefined) leave();
        else ask();
      };
      ask();
    };
    for (const connection of connections) lane(connection);
  });
}
