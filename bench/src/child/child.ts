import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { forkTypeScript } from '@leasehold/object-store-testing';

/** What a child still says about itself when it fails. */
const STDERR_LIMIT_CHARS = 4_000;

export interface ChildOptions {
  /** Added to what little of this process's environment a child gets. */
  readonly env?: Readonly<Record<string, string>>;
  readonly maxHeapMiB?: number;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A process of its own that answers calls: for what must not share our event loop, heap or environment. Ends with us: a child
 * that loses its parent exits.
 */
export class Child {
  private readonly waiting = new Map<number, Waiting>();
  private readonly exited: Promise<void>;
  private calls = 0;
  private stderr = '';
  private listen: (news: Readonly<Record<string, unknown>>) => void = () => undefined;

  /** @param name a module of `child/` that calls `serve` */
  static start(name: string, { env = {}, maxHeapMiB }: ChildOptions = {}): Child {
    const fromSource = import.meta.url.endsWith('.ts');
    const path = fileURLToPath(new URL(`./${name}.${fromSource ? 'ts' : 'js'}`, import.meta.url));
    const options = maxHeapMiB === undefined ? env : { ...env, NODE_OPTIONS: `--max-old-space-size=${maxHeapMiB}` };
    return new Child(name, fromSource ? forkTypeScript(path, { env: options }) : forkBuilt(path, options));
  }

  private constructor(
    private readonly name: string,
    private readonly process: ChildProcess,
  ) {
    process.stdout?.resume();
    process.stderr?.on('data', (chunk) => (this.stderr = (this.stderr + String(chunk)).slice(-STDERR_LIMIT_CHARS)));
    process.on('message', (message) => this.receive(message as Reply));
    this.exited = new Promise((resolve) => process.once('exit', () => resolve()));
    void this.exited.then(() => {
      for (const { reject } of this.waiting.values()) reject(new Error(`${this.name} ended: ${this.stderr.trim()}`));
      this.waiting.clear();
    });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Runs a method of the child's. Arguments and answers travel as JSON. */
  call<T>(method: string, argument: unknown = {}): Promise<T> {
    const id = ++this.calls;
    return new Promise<T>((resolve, reject) => {
      if (!this.process.connected) return reject(new Error(`${this.name} is gone: ${this.stderr.trim()}`));
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.process.send({ id, method, argument });
    });
  }

  /** At once, as a crash would. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.exited;
  }

  /** What the child tells by itself, `{ news }`; only the last listener is told. */
  onNews(listen: (news: Readonly<Record<string, unknown>>) => void): void {
    this.listen = listen;
  }

  private receive({ id, value, error, news }: Reply): void {
    if (news !== undefined) return this.listen(news);
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(`${this.name}: ${error}`));
  }
}

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
  readonly news?: Readonly<Record<string, unknown>>;
}

function forkBuilt(path: string, env: Readonly<Record<string, string>>): ChildProcess {
  return fork(path, [], {
    execArgv: ['--enable-source-maps'],
    env: { PATH: process.env['PATH'], AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}
