import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long to wait for another process's turn before giving up: an `npm ci` on a slow line takes minutes. */
const WAIT_LIMIT_MS = 15 * 60_000;
const POLL_MS = 100;
/** Each round can lose only to a process that took the lock meanwhile. */
const TAKEOVER_ATTEMPTS = 20;

/**
 * The process behind a pid, told apart from a later one that got the same number.
 * @param {number} pid
 * @returns {string | undefined} undefined when no such process is alive
 */
export function processIdentity(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Field 3 is the state, field 22 the start time in ticks since boot.
    return fields[0] === 'Z' ? undefined : `${pid}:${fields[19]}`;
  } catch {
    // Without /proc (macOS) the number alone must do.
  }
  try {
    process.kill(pid, 0);
    return `${pid}:`;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM' ? `${pid}:` : undefined;
  }
}

/** @param {string} content @returns {number | undefined} pid of a living holder */
function livingHolder(content) {
  const pid = Number.parseInt(content, 10);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return processIdentity(pid) === content.trim() ? pid : undefined;
}

/** @param {string} path */
function readIfPresent(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Takes the lock file for this process, or tells who has it. A lock whose process is gone (kill -9, power) is taken over.
 * The file appears with its content by link(2), so that nobody ever reads an empty one.
 * @param {string} path
 * @returns {{ holder: undefined, release: () => void } | { holder: number }}
 */
export function tryLock(path) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = /** @type {string} */ (processIdentity(process.pid));
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, mine);
  try {
    for (let attempt = 0; attempt < TAKEOVER_ATTEMPTS; attempt += 1) {
      try {
        linkSync(draft, path);
        return { holder: undefined, release: () => release(path, mine) };
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
      }
      const seen = readIfPresent(path);
      if (seen === undefined) continue;
      const holder = livingHolder(seen);
      if (holder !== undefined) return { holder };
      removeStale(path, seen);
    }
    throw new Error(`could not settle who holds the lock ${path}`);
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Two processes may find the same dead holder: whoever renames second may have caught the first one's fresh lock, sees it in
 * the content, and puts it back.
 * @param {string} path @param {string} seen
 */
function removeStale(path, seen) {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return;
    throw error;
  }
  try {
    if (readIfPresent(aside) !== seen) linkSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
}

/** @param {string} path @param {string} mine */
function release(path, mine) {
  if (readIfPresent(path) === mine) rmSync(path, { force: true });
}

/**
 * Runs `work` while holding the lock; waits for another holder to finish first.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {{ onWait?: (holder: number) => void }} [options]
 * @returns {Promise<T>}
 */
export async function withLock(path, work, options = {}) {
  const deadline = Date.now() + WAIT_LIMIT_MS;
  let told = false;
  for (;;) {
    const lock = tryLock(path);
    if (lock.holder === undefined) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    if (!told) options.onWait?.(lock.holder);
    told = true;
    if (Date.now() > deadline) throw new Error(`process ${lock.holder} has held ${path} for too long`);
    await sleep(POLL_MS);
  }
}
