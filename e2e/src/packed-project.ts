import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '..', '..');
const MODULES = join(ROOT, 'node_modules');
const NATIVE = ['lz4-napi', '@antoniomuso'];
const run = promisify(execFile);

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From its last word on the standard output to its end. */
  readonly lingeredMs: number;
}

/** A program that was started in the project. */
export class Program {
  readonly ended: Promise<Ended>;
  private stdout = '';
  private stderr = '';
  private saidMs = performance.now();

  constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (piece) => {
      this.stdout += String(piece);
      this.saidMs = performance.now();
    });
    child.stderr?.on('data', (piece) => (this.stderr += String(piece)));
    this.ended = new Promise((done, fail) => {
      child.once('error', fail);
      child.once('close', (code, signal) => {
        const lingeredMs = performance.now() - this.saidMs;
        done({ code, signal, stdout: this.stdout, stderr: this.stderr, lingeredMs });
      });
    });
  }

  /** Resolves when the program has written the text. @throws Error when it ends without */
  async says(text: string): Promise<void> {
    while (!this.stdout.includes(text)) {
      const ended = await Promise.race([this.ended, new Promise<undefined>((done) => setTimeout(done, 10))]);
      if (ended !== undefined && !ended.stdout.includes(text)) {
        throw new Error(`ended with ${ended.code} and has not said ${text}: ${ended.stderr}`);
      }
    }
  }

  /** What it has written last, as JSON. @throws Error with what it complained of when it did not end well */
  async result<T>(): Promise<T> {
    const { code, signal, stdout, stderr } = await this.ended;
    if (code !== 0) throw new Error(`ended with ${code ?? signal}: ${stderr}`);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** An empty project into which the packages are installed as they are published, without a registry. */
export class PackedProject {
  private readonly running = new Set<ChildProcess>();

  private constructor(readonly folder: string) {}

  static async create(): Promise<PackedProject> {
    const folder = await mkdtemp(join(tmpdir(), 'leasehold-project-'));
    const archives = join(folder, 'archives');
    await mkdir(archives);
    for (const name of ['client', 'local']) {
      const built = join(folder, 'built', name);
      await run(process.execPath, [join(ROOT, 'libs', name, 'build.mjs'), built]);
      await pack(built, archives);
    }
    for (const native of await nativePackages()) await pack(native, archives);
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }));
    const files = (await readdir(archives)).filter((file) => file.endsWith('.tgz'));
    const install = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', [...install, ...files.map((file) => join(archives, file))], { cwd: folder });
    return new PackedProject(folder);
  }

  /** As a program of somebody who checks everything. @throws with what the compiler says */
  async typecheck(name: string): Promise<void> {
    const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom'];
    const tsc = join(MODULES, 'typescript', 'bin', 'tsc');
    await run(process.execPath, [tsc, ...strict, name], { cwd: this.folder }).catch((error: unknown) => {
      throw new Error((error as { readonly stdout: string }).stdout, { cause: error });
    });
  }

  /** @param source of a module */
  async add(name: string, source: string): Promise<void> {
    await writeFile(join(this.folder, name), source);
  }

  start(name: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Program {
    const child = spawn(process.execPath, [name, ...args], {
      cwd: this.folder,
      // None of what the tests themselves run under.
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.running.add(child);
    child.once('exit', () => this.running.delete(child));
    return new Program(child);
  }

  async remove(): Promise<void> {
    for (const child of this.running) child.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function nativePackages(): Promise<readonly string[]> {
  const found = await Promise.all(
    NATIVE.map(async (name) => {
      if (!name.startsWith('@')) return [join(MODULES, name)];
      return (await readdir(join(MODULES, name))).map((inside) => join(MODULES, name, inside));
    }),
  );
  return found.flat();
}

async function pack(folder: string, archives: string): Promise<void> {
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', archives], { cwd: folder });
}

/** The first example in a page. @throws Error when there is none */
export async function exampleOf(page: string): Promise<string> {
  const [, example] = /```ts\n(.*?)```/s.exec(await readFile(join(ROOT, page), 'utf8')) ?? [];
  if (example === undefined) throw new Error(`no example in ${page}`);
  return example;
}
