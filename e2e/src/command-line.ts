import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const REPOSITORY = path.join(import.meta.dirname, '..', '..');
const TIMEOUT_MS = 120_000;
const LOOK_EVERY_MS = 50;

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended it. */
  readonly code: number | null;
  /** Most of its memory at a time, as far as it was looked at; Linux tells. */
  readonly peakMiB: number;
}

/** The command `leasehold` with a home of its own. */
export class CommandLine {
  constructor(
    home: string,
    private readonly environment: Readonly<Record<string, string>> = {
      HOME: home,
      XDG_CONFIG_HOME: path.join(home, 'config'),
      XDG_STATE_HOME: path.join(home, 'state'),
      LEASEHOLD_API_KEY: '',
      LEASEHOLD_URL: '',
    },
  ) {}

  /** Runs it to its end. @param onStart told of the process, to kill it for instance */
  run(
    args: readonly string[],
    {
      input = '',
      onStart,
    }: { readonly input?: string | Uint8Array; readonly onStart?: (child: ChildProcess) => void } = {},
  ): Promise<Ran> {
    const env = { ...process.env, ...this.environment };
    const child = spawn(path.join(REPOSITORY, 'leasehold'), args, { env, timeout: TIMEOUT_MS });
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (chunk: Buffer) => (out[name] += chunk.toString()));
    // It may end without reading it.
    child.stdin.on('error', () => undefined).end(input);
    let peakMiB = 0;
    const look = setInterval(() => (peakMiB = Math.max(peakMiB, peakMiBOf(child.pid))), LOOK_EVERY_MS);
    onStart?.(child);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        clearInterval(look);
        resolve({ ...out, code, peakMiB });
      });
    });
  }

  /** @throws Error when it does not end well */
  async ok(args: readonly string[], options: Parameters<CommandLine['run']>[1] = {}): Promise<string> {
    const { stdout, stderr, code } = await this.run(args, options);
    if (code !== 0) throw new Error(`leasehold ${args[0]} ended with ${code}: ${stderr}`);
    return stdout;
  }
}

function peakMiBOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
