import { spawn, type ChildProcess } from 'node:child_process';
import { CliError } from '../cli-error.js';
import { decideRestart } from './backoff.js';
import type { LogFile } from './log-file.js';

const READY_TIMEOUT_MS = 60_000;
/** Added to the time that the process itself takes for its drain at most. */
const STOP_GRACE_MS = 3_000;
const KILLED_TIMEOUT_MS = 5_000;
const TAIL_LINES = 12;

export interface ProcessSpec {
  readonly name: string;
  /** Script to be run by this Node. */
  readonly script: string;
  /** The whole environment of the process. PORT is filled in once it is known. */
  readonly env: Readonly<Record<string, string>>;
  /** How long its drain may take after SIGTERM. */
  readonly drainTimeoutMs: number;
  /** What stops it at once without leaving anything behind; SIGKILL unless told. */
  readonly hardSignal?: NodeJS.Signals;
}

export interface ProcessEvents {
  readonly say: (line: string) => void;
  /** Injected so that tests need not wait. */
  readonly delay?: (ms: number) => number;
}

type Phase = 'new' | 'starting' | 'serving' | 'waiting' | 'stopping' | 'stopped';

/**
 * One child process that is kept running: it reports `{ type: 'ready', url }` over IPC, is started again with growing delays
 * when it ends by itself, always on the port that it had first, and drains on SIGTERM.
 */
export class ManagedProcess {
  private phase: Phase = 'new';
  private child: ChildProcess | undefined;
  private exited: Promise<void> = Promise.resolve();
  private crashes = 0;
  private servingSince = 0;
  private restartTimer: NodeJS.Timeout | undefined;
  private port: string | undefined;
  private boundUrl: string | undefined;

  constructor(
    private readonly spec: ProcessSpec,
    private readonly log: LogFile,
    private readonly events: ProcessEvents,
  ) {}

  get name(): string {
    return this.spec.name;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** @throws CliError before the first start has succeeded. */
  get url(): string {
    if (this.boundUrl === undefined) throw new CliError(`${this.name} has not started`);
    return this.boundUrl;
  }

  /** Starts for the first time. @throws CliError with the last lines of its log when it does not get ready. */
  async start(): Promise<void> {
    await this.launch();
  }

  rotateLog(): void {
    this.log.rotateIfFull();
  }

  /** Drains and ends the process, by force when it takes too long. Idempotent. */
  async stop(): Promise<void> {
    if (this.phase === 'stopped') return;
    this.phase = 'stopping';
    clearTimeout(this.restartTimer);
    this.child?.kill('SIGTERM');
    if (!(await settlesWithin(this.exited, this.spec.drainTimeoutMs + STOP_GRACE_MS))) {
      this.events.say(`${this.name} did not drain in time and is killed`);
      await this.kill();
    }
    this.phase = 'stopped';
    this.child = undefined;
  }

  /** Ends the process at once. */
  async kill(): Promise<void> {
    this.phase = 'stopping';
    clearTimeout(this.restartTimer);
    this.child?.kill(this.spec.hardSignal ?? 'SIGKILL');
    if (await settlesWithin(this.exited, KILLED_TIMEOUT_MS)) return;
    this.child?.kill('SIGKILL');
    await settlesWithin(this.exited, KILLED_TIMEOUT_MS);
  }

  close(): void {
    this.log.close();
  }

  private launch(): Promise<void> {
    this.phase = 'starting';
    this.log.markStart();
    const child = spawn(process.execPath, ['--enable-source-maps', this.spec.script], {
      env: { ...this.spec.env, ...(this.port === undefined ? {} : { PORT: this.port }) },
      stdio: ['ignore', this.log.fd, this.log.fd, 'ipc'],
      // Its own process group: Ctrl-C in the terminal reaches only us, and we drain in order.
      detached: true,
    });
    this.child = child;
    return new Promise((resolve, reject) => {
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        child.kill('SIGKILL');
      }, READY_TIMEOUT_MS);
      child.on('message', (message) => {
        const url = readyUrl(message);
        if (url === undefined || this.phase !== 'starting') return;
        clearTimeout(timer);
        this.becomeReady(url);
        resolve();
      });
      this.exited = new Promise((exited) => {
        let ended = false;
        const onEnd = (cause: string) => {
          if (ended) return;
          ended = true;
          clearTimeout(timer);
          exited();
          const how = timedOut ? `not ready within ${READY_TIMEOUT_MS / 1000} s` : cause;
          const before = this.phase;
          if (this.child === child) this.child = undefined;
          if (before === 'starting') {
            this.phase = 'waiting';
            reject(this.startFailure(how));
          } else if (before === 'serving') {
            this.restartLater(how, performance.now() - this.servingSince);
          } else reject(new CliError(`${this.name} was stopped`));
        };
        child.once('error', (error) => onEnd(error.message));
        child.once('exit', (code, signal) => onEnd(signal ?? `exit code ${code}`));
      });
    });
  }

  private becomeReady(url: string): void {
    this.phase = 'serving';
    this.servingSince = performance.now();
    this.boundUrl = url;
    this.port ??= new URL(url).port;
  }

  private restartLater(how: string, servedMs: number): void {
    const { crashes, delayMs } = decideRestart(this.crashes, servedMs);
    this.crashes = crashes;
    this.phase = 'waiting';
    this.events.say(`${this.name} ended (${how}); starting it again in ${delayMs / 1000} s`);
    this.restartTimer = setTimeout(
      () => {
        this.launch().then(
          () => this.events.say(`${this.name} is back (process ${this.pid})`),
          (error: unknown) => {
            if (this.phase === 'waiting')
              this.restartLater(error instanceof Error ? firstLine(error.message) : 'unknown', 0);
          },
        );
      },
      this.events.delay?.(delayMs) ?? delayMs,
    );
  }

  private startFailure(how: string): CliError {
    const lines = this.log.tail(TAIL_LINES).map((line) => `  ${line}`);
    return new CliError([`${this.name} did not start (${how}); its log is ${this.log.path}`, ...lines].join('\n'));
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function readyUrl(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  if (!('type' in message) || message.type !== 'ready') return undefined;
  return 'url' in message && typeof message.url === 'string' ? message.url : undefined;
}

/** Whether the promise settles in time. */
async function settlesWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
