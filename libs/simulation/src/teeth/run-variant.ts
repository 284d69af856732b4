import type { ChildProcess } from 'node:child_process';

import { forkTypeScript } from '@leasehold/object-store-testing';

import { brokenSources, sourcePath } from './broken-sources.js';
import type { SeedNews, SeedTask } from './child/task.js';
import type { Catch, Variant } from './variant.js';

export interface RunVariantOptions {
  /** The first seed. */
  readonly from: number;
  /** At most so many are taken; the first that gives the variant away is the last. */
  readonly seeds: number;
  /** For the whole process, {@link VARIANT_LIMIT_MS} by default. */
  readonly limitMs?: number;
  /** Path from the root of the repository of a module as `child/judge-seed.ts`, which is the default. */
  readonly judge?: string;
}

export interface VariantRun {
  readonly variant: string;
  /** Undefined: it survived. */
  readonly caughtBy: Catch | undefined;
  readonly seedsTaken: number;
  /** Seeds that the code under test ended by a crash. They catch nothing, but many of them leave a variant little to be caught by. */
  readonly crashedSeeds: number;
  /** How the first of those ended. */
  readonly crash: string | undefined;
  /** Of real time. */
  readonly tookMs: number;
  readonly isOutOfTime: boolean;
}

/** The variant does not even load: it is the variant that has to be mended. */
export class UnfitVariantError extends Error {
  override readonly name = 'UnfitVariantError';

  constructor(variant: string, error: string) {
    super(`variant ${variant} cannot be run: ${error}`);
  }
}

export const VARIANT_LIMIT_MS = 120_000;
/** A seed takes a second or two; one that hangs is given up, so that the others have a chance. */
const SEED_LIMIT_MS = 60_000;
/** What a process says before it dies. */
const STDERR_LIMIT_CHARS = 4_000;

const CHILD = 'libs/simulation/src/teeth/child/take-seeds.ts';
const JUDGE = 'libs/simulation/src/teeth/child/judge-seed.ts';

/**
 * Runs seeds on the sources with a variant's faults in them, in a process of its own, until a judge names a violation. No patches at all: runs
 * the code as it is.
 * @throws PatchMismatchError, UnfitVariantError
 */
export async function runVariant(
  variant: Pick<Variant, 'name' | 'patches' | 'eases' | 'setting'>,
  { from, seeds, limitMs = VARIANT_LIMIT_MS, judge = JUDGE }: RunVariantOptions,
): Promise<VariantRun> {
  const sources = [...(await brokenSources(variant))];
  const task = { sources, judge: sourcePath(judge), setting: variant.setting, from, seeds, seedLimitMs: SEED_LIMIT_MS };
  const child = forkTypeScript(sourcePath(CHILD));
  try {
    return await watch(variant.name, child, task, limitMs);
  } finally {
    child.kill('SIGKILL');
  }
}

function watch(variant: string, child: ChildProcess, task: SeedTask, limitMs: number): Promise<VariantRun> {
  return new Promise((resolve, reject) => {
    const begunMs = performance.now();
    let seedsTaken = 0;
    let crashedSeeds = 0;
    let firstCrash: string | undefined;
    let stderr = '';
    const end = (caughtBy?: Catch, isOutOfTime = false): void => {
      clearTimeout(timer);
      const tookMs = Math.round(performance.now() - begunMs);
      resolve({ variant, caughtBy, seedsTaken, crashedSeeds, crash: firstCrash, tookMs, isOutOfTime });
    };
    const crashed = (how: string): void => {
      crashedSeeds++;
      firstCrash ??= how;
    };
    const timer = setTimeout(() => end(undefined, true), limitMs);
    child.stdout?.resume();
    child.stderr?.on('data', (chunk) => (stderr = (stderr + String(chunk)).slice(-STDERR_LIMIT_CHARS)));
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      crashed(`process ended with ${signal ?? code}: ${stderr}`);
      end();
    });
    child.on('message', (news: SeedNews) => {
      switch (news.kind) {
        case 'ready':
          return void child.send(task);
        case 'unfit':
          clearTimeout(timer);
          return reject(new UnfitVariantError(variant, news.error));
        case 'seed':
          seedsTaken++;
          if (news.crash !== undefined) crashed(news.crash);
          if (news.caughtBy !== undefined || seedsTaken === task.seeds) end(news.caughtBy);
      }
    });
  });
}
