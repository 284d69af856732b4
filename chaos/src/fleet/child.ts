import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

import { leaveNothing } from './leave-nothing.js';
import { onPath } from './on-path.js';

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** `message`: it sends `{ type: 'ready', url }`. Else asked again and again until it resolves. */
  readonly ready: 'message' | (() => Promise<boolean>);
  /** Gets the port of its first start again, so that it is found where it was. */
  readonly keepsPort?: boolean;
  /** What ends it at once without leaving anything behind; SIGKILL unless told. */
  readonly hardSignal?: NodeJS.Signals;
  /** By the system, if we are killed: for those that do not notice, or are stopped and cannot. Where `setpriv` is. */
  readonly diesWithUs?: boolean;
}

export interface ChildEvents {
  /** It ended without having been told to. */
  readonly died: (child: Child, how: string) => void;
}

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 50;
const STOP_TIMEOUT_MS = 20_000;
const KILL_TIMEOUT_MS = 5_000;
const TAIL_LINES = 12;

const SETPRIV = onPath('setpriv', process.env['PATH'] ?? '');
const DIES_WITH_US = SETPRIV === undefined ? [] : [SETPRIV, '--pdeathsig', 'KILL', '--'];

/** One process that we started. It is started again only when somebody asks. */
export class Child {
  private process: ChildProcess | undefined;
  private ended: Promise<string> = Promise.resolve('not started');
  private log: number | undefined;
  private boundUrl: string | undefined;
  private expected = false;
  private isStopped = false;
  private isReady = false;
  private forget = (): void => undefined;

  constructor(
    readonly spec: ChildSpec,
    private readonly events: ChildEvents,
  ) {}

  get name(): string {
    return this.spec.name;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** Running and ready. */
  get serving(): boolean {
    return this.isReady && this.process !== undefined;
  }

  /** Where it listens, by its last start. */
  get url(): string {
    if (this.boundUrl === undefined) throw new Error(`${this.name} has not told where it listens`);
    return this.boundUrl;
  }

  /** Resolves when it is ready. @throws Error with the last lines of its log */
  async start(): Promise<void> {
    const { spec } = this;
    this.log ??= openSync(spec.logFile, 'a');
    writeSync(this.log, `---- start at ${new Date(Date.now()).toISOString()}\n`);
    this.expected = false;
    this.isReady = false;
    const port = spec.keepsPort && this.boundUrl !== undefined ? new URL(this.boundUrl).port : undefined;
    const [command = '', ...args] = [...(spec.diesWithUs ? DIES_WITH_US : []), spec.command, ...spec.args];
    const child = spawn(command, args, {
      env: { ...spec.env, ...(port === undefined ? {} : { PORT: port }) },
      stdio: ['ignore', this.log, this.log, 'ipc'],
      // Its own process group: Ctrl-C in the terminal reaches only us.
      detached: true,
    });
    this.process = child;
    this.forget = leaveNothing(() => this.killNow());
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        if (this.process !== child) return;
        this.process = undefined;
        this.isStopped = false;
        this.forget();
        resolve(how);
        if (!this.expected && this.isReady) this.events.died(this, how);
      };
      child.once('error', (error) => end(error.message));
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
    await this.untilReady(child);
  }

  signal(signal: NodeJS.Signals): void {
    this.process?.kill(signal);
    if (signal === 'SIGSTOP') this.isStopped = true;
    if (signal === 'SIGCONT') this.isStopped = false;
  }

  /** Resolves with how it ended; at once when it does not run. */
  whenEnded(): Promise<string> {
    return this.ended;
  }

  /** Ends it at once, and resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.expected = true;
    this.process?.kill(signal);
    await this.ended;
  }

  /** SIGTERM, and what has not ended by then is killed. @returns false when it had to be killed */
  async stop(): Promise<boolean> {
    this.expected = true;
    if (this.process === undefined) return true;
    if (this.isStopped) this.signal('SIGCONT');
    this.process.kill('SIGTERM');
    if (await settlesWithin(this.ended, STOP_TIMEOUT_MS)) return true;
    this.process?.kill(this.spec.hardSignal ?? 'SIGKILL');
    if (!(await settlesWithin(this.ended, KILL_TIMEOUT_MS))) this.process?.kill('SIGKILL');
    await settlesWithin(this.ended, KILL_TIMEOUT_MS);
    return false;
  }

  private killNow(): void {
    if (this.isStopped) this.process?.kill('SIGCONT');
    this.process?.kill(this.spec.hardSignal ?? 'SIGKILL');
  }

  close(): void {
    if (this.log !== undefined) closeSync(this.log);
    this.log = undefined;
  }

  /** What it wrote since its last start. */
  output(): string {
    const text = readFileSync(this.spec.logFile, 'utf8');
    return text.slice(text.lastIndexOf('---- start at '));
  }

  private async untilReady(child: ChildProcess): Promise<void> {
    const { ready } = this.spec;
    const aborted = new AbortController();
    const told = new Promise<boolean>((resolve) => {
      if (ready !== 'message') return void poll(ready, aborted.signal).then(resolve);
      child.on('message', (message) => {
        const url = readyUrl(message);
        if (url !== undefined) this.boundUrl = url;
        if (url !== undefined) resolve(true);
      });
    });
    const how = await within(
      READY_TIMEOUT_MS,
      told.then(() => 'ready'),
      this.ended,
    );
    aborted.abort();
    if (how === 'ready') {
      this.isReady = true;
      return;
    }
    this.expected = true;
    child.kill('SIGKILL');
    const lines = this.output().trimEnd().split('\n').slice(-TAIL_LINES);
    throw new Error(`${this.name} did not start (${how ?? 'not ready in time'}):\n${lines.join('\n')}`);
  }
}

async function poll(ready: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await ready().catch(() => false)) return true;
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
  return false;
}

function readyUrl(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !('url' in message)) return undefined;
  return typeof message.url === 'string' ? message.url : undefined;
}

async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  return (
    (await within(
      ms,
      promise.then(() => true),
    )) === true
  );
}

/** The first that settles; undefined when none does in time. */
async function within<T>(ms: number, ...promises: readonly Promise<T>[]): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([...promises, late]);
  } finally {
    clearTimeout(timer);
  }
}
