import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

import type { JudgeSeed } from './judge-seed.js';
import type { SeedNews, SeedTask } from './task.js';

/**
 * A process that runs the sources with one variant's faults in them. Everything that is under test is imported after the hooks know of the
 * faults, and this module itself imports nothing of it.
 */
function tell(news: SeedNews): void {
  process.send?.(news);
}

let crashed: (cause: unknown) => void = () => undefined;
// As a process would die of them, but the next seed is a process of its own.
process.on('uncaughtException', (error) => crashed(error));
process.on('unhandledRejection', (error) => crashed(error));
process.on('disconnect', () => process.exit(0));
process.once('message', (task: SeedTask) => void take(task));
tell({ kind: 'ready' });

async function take({ sources, judge, setting, from, seeds, seedLimitMs }: SeedTask): Promise<void> {
  register('./broken-sources-hooks.mjs', import.meta.url, { data: new Map(sources) });
  let judgeSeed: JudgeSeed;
  try {
    ({ judgeSeed } = (await import(pathToFileURL(judge).href)) as { judgeSeed: JudgeSeed });
  } catch (error) {
    return tell({ kind: 'unfit', error: textOf(error) });
  }
  for (let seed = from; seed < from + seeds; seed++) {
    try {
      const [violation] = await unlessCrashed(judgeSeed(seed, setting), seedLimitMs);
      const caughtBy = violation && { seed, rule: violation.rule, what: violation.what };
      tell({ kind: 'seed', caughtBy, crash: undefined });
      if (caughtBy) return;
    } catch (error) {
      tell({ kind: 'seed', caughtBy: undefined, crash: textOf(error) });
    }
  }
}

async function unlessCrashed<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const crash = new Promise<never>((_, reject) => {
    crashed = reject;
    timer = setTimeout(() => reject(new Error(`the seed did not end within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, crash]);
  } finally {
    clearTimeout(timer);
    crash.catch(() => undefined);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
