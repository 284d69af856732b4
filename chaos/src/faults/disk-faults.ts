import { closeSync, fstatSync, ftruncateSync, openSync, readdirSync, readlinkSync, writeSync } from 'node:fs';

import type { Random } from '@leasehold/foundation';

import type { FaultAction } from './chaos-world.js';
import { drainWorker } from './process-faults.js';

/** One byte in so many is another one: no record of a cache escapes. */
const DAMAGE_INTERVAL_BYTES = 512;
const INTERVAL_MS = 500;

/** One worker is started anew meanwhile: its cache has nowhere to begin. */
export const fillDisk: FaultAction = async (world, { holdMs, target }) => {
  const { fleet, clock, pause } = world;
  const untilMs = clock.monotonic() + holdMs;
  let filledBytes = fleet.cacheDisk.fill();
  try {
    const drained = await drainWorker(world, { holdMs, target });
    // Whatever is given back meanwhile is taken too.
    while (clock.monotonic() < untilMs) {
      filledBytes = fleet.cacheDisk.fill();
      await pause(INTERVAL_MS);
    }
    return `${Math.round(filledBytes / 1024)} KiB taken; ${drained}`;
  } finally {
    fleet.cacheDisk.free();
  }
};

export const corruptCaches: FaultAction = async ({ fleet, clock, random, pause }, { holdMs }) => {
  const untilMs = clock.monotonic() + holdMs;
  let damagedBytes = 0;
  let files = 0;
  while (clock.monotonic() < untilMs) {
    for (const { child } of fleet.workers) {
      if (child.pid === undefined) continue;
      for (const file of cacheFilesOf(child.pid)) {
        damagedBytes += damage(file, random);
        files++;
      }
    }
    await pause(INTERVAL_MS);
  }
  return `${damagedBytes} bytes changed, ${files} times a file`;
};

/** They have no names: only the process that has them open knows them, and whoever may look into it. */
function cacheFilesOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder)
      .map((name) => `${folder}/${name}`)
      .filter((file) => linkOf(file).includes('leasehold-cache-'));
  } catch {
    // It has just ended.
    return [];
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

/** Undefined: the process has closed it, or ended, since it was listed. */
function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @returns bytes that were changed */
function damage(path: string, random: Random): number {
  const file = openIfThere(path);
  if (file === undefined) return 0;
  try {
    const { size } = fstatSync(file);
    if (size === 0) return 0;
    // Now and then what is there ends early.
    if (random.fraction() < 0.1) ftruncateSync(file, Math.floor(size / 2));
    let changed = 0;
    for (let at = 0; at < size; at += DAMAGE_INTERVAL_BYTES) {
      const offset = Math.min(size - 1, at + Math.floor(random.fraction() * DAMAGE_INTERVAL_BYTES));
      changed += writeSync(file, random.bytes(1), 0, 1, offset);
    }
    return changed;
  } catch (error) {
    // A hole cannot be filled on a full disk.
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return 0;
    throw error;
  } finally {
    closeSync(file);
  }
}
