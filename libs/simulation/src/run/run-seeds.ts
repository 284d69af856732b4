import { Worker } from 'node:worker_threads';

import type { SeedSummary, SimulationReport } from './simulation-report.js';
import { reportOf } from './simulation-report.js';

export interface RunSeedsOptions {
  readonly from: number;
  readonly seeds: number;
  readonly threads: number;
  /** Faults are so many times as frequent; see `intensified`. */
  readonly intensity: number;
  readonly onSeed?: (summary: SeedSummary) => void;
}

/** What a thread is sent. */
export interface SeedOrder {
  readonly seed: number;
  readonly intensity: number;
}

type SeedNews = { readonly summary: SeedSummary } | { readonly error: string };

/** What waits for ever in a process that was killed keeps some memory of its world, some megabytes a seed. */
const SEEDS_PER_THREAD = 32;
const THREAD = new URL('./seed-thread.js', import.meta.url);

/** A seed did not run to its end: the simulation itself is broken, or the product hangs it. */
export class SeedFailedError extends Error {
  override readonly name = 'SeedFailedError';

  constructor(seed: number, error: string) {
    super(`seed ${seed} did not run to its end: ${error}`);
  }
}

/**
 * Runs seeds `from`, `from + 1`, … in threads, for the built project only. What a seed comes to does not depend on which thread runs it, or on what ran
 * before it.
 * @throws SeedFailedError
 */
export async function runSeeds({
  from,
  seeds,
  threads,
  intensity,
  onSeed,
}: RunSeedsOptions): Promise<SimulationReport> {
  const summaries: SeedSummary[] = [];
  let next = from;
  const some = async (): Promise<void> => {
    const thread = new Worker(THREAD);
    try {
      for (let taken = 0; taken < SEEDS_PER_THREAD && next < from + seeds; taken++) {
        const seed = next++;
        const news = await answerTo(thread, { seed, intensity });
        if ('error' in news) throw new SeedFailedError(seed, news.error);
        summaries[seed - from] = news.summary;
        onSeed?.(news.summary);
      }
    } finally {
      await thread.terminate();
    }
  };
  const lane = async (): Promise<void> => {
    while (next < from + seeds) await some();
  };
  await Promise.all(Array.from({ length: Math.min(threads, seeds) }, lane));
  return reportOf(from, summaries, intensity);
}

function answerTo(thread: Worker, order: SeedOrder): Promise<SeedNews> {
  return new Promise((resolve, reject) => {
    const settle = (how: () => void): void => {
      thread.off('message', onMessage);
      thread.off('error', onError);
      thread.off('exit', onExit);
      how();
    };
    const onMessage = (news: SeedNews): void => settle(() => resolve(news));
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (code: number): void =>
      settle(() => reject(new SeedFailedError(order.seed, `thread ended with ${code}`)));
    thread.on('message', onMessage);
    thread.on('error', onError);
    thread.on('exit', onExit);
    thread.postMessage(order);
  });
}
