import { spawn } from 'node:child_process';
import { CliError } from '../cli-error.js';
import { LogFile } from './log-file.js';
import type { ProcessSpec } from './managed-process.js';

const TAIL_LINES = 12;

/** Runs a process to its end. @throws CliError with the last lines of its log when it fails. */
export async function runOnce(spec: ProcessSpec, logPath: string, signal: AbortSignal): Promise<void> {
  const log = new LogFile(logPath);
  try {
    const child = spawn(process.execPath, ['--enable-source-maps', spec.script], {
      env: spec.env,
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    });
    const stop = () => child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    const how = await new Promise<string | undefined>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, killedBy) => resolve(code === 0 ? undefined : (killedBy ?? `exit code ${code}`)));
    });
    signal.removeEventListener('abort', stop);
    signal.throwIfAborted();
    if (how === undefined) return;
    const lines = log.tail(TAIL_LINES).map((line) => `  ${line}`);
    throw new CliError([`${spec.name} failed (${how}); its log is ${logPath}`, ...lines].join('\n'));
  } finally {
    log.close();
  }
}
