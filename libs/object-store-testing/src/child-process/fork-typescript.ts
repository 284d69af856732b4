import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const REGISTER = fileURLToPath(new URL('./register-typescript.mjs', import.meta.url));

export interface ForkOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a TypeScript source as a Node process of its own, with an IPC channel and with its output piped. The caller ends it. */
export function forkTypeScript(path: string, { args = [], env = {} }: ForkOptions = {}): ChildProcess {
  return fork(path, [...args], {
    execArgv: ['--conditions=@leasehold/source', '--import', REGISTER, '--no-warnings'],
    // The test runner's own options are not for its children.
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}
