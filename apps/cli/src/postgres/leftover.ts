import { readFile, rm } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CliError } from '../cli-error.js';

const run = promisify(execFile);

/** A fast shutdown writes a checkpoint; after this it is told to leave at once and recovers at its next start. */
const FAST_SHUTDOWN_MS = 20_000;
const IMMEDIATE_SHUTDOWN_MS = 10_000;
const POLL_MS = 50;

/**
 * Stops a server that outlived its guard (kill -9), so that the cluster can be started again. A postmaster.pid whose number
 * meanwhile belongs to another program is removed: Postgres itself would take that program for a server.
 */
export async function stopLeftover(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, 'postmaster.pid');
  const content = await readFile(pidFile, 'utf8').catch(() => undefined);
  if (content === undefined) return;
  const pid = Number.parseInt(content, 10);
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  if (!(await isServerOf(pid, dataDir))) {
    await rm(pidFile, { force: true });
    return;
  }
  if (await signalAndWait(pid, 'SIGINT', FAST_SHUTDOWN_MS, dataDir)) return;
  if (await signalAndWait(pid, 'SIGQUIT', IMMEDIATE_SHUTDOWN_MS, dataDir)) return;
  throw new CliError(`a Postgres of an earlier start (process ${pid}) does not end; stop it and start again`);
}

async function signalAndWait(pid: number, signal: NodeJS.Signals, limitMs: number, dataDir: string): Promise<boolean> {
  try {
    process.kill(pid, signal);
  } catch {
    return !(await isServerOf(pid, dataDir));
  }
  for (let waited = 0; waited < limitMs; waited += POLL_MS) {
    if (!(await isServerOf(pid, dataDir))) return true;
    await sleep(POLL_MS);
  }
  return false;
}

async function isServerOf(pid: number, dataDir: string): Promise<boolean> {
  const command = await commandOf(pid);
  return command !== undefined && command.includes('postgres') && command.includes(dataDir);
}

/** The command line of a living process. */
async function commandOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return line === '' ? undefined : line.replaceAll('\0', ' ');
  }
  return run('ps', ['-p', String(pid), '-o', 'command=']).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
}
