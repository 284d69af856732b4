import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { Program } from './program.js';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const MODULES = path.join(REPOSITORY, 'node_modules');
/** What packages of ours install beside themselves; one for each platform, of which this machine has some. */
const NATIVE = { client: [], local: ['lz4-napi', '@antoniomuso'] } as const;
const TSC = path.join(MODULES, 'typescript/bin/tsc');
const RUN_TIMEOUT_MS = 60_000;
const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2022', 'DOM', 'DOM.AsyncIterable'],
    module: 'NodeNext',
    strict: true,
    noUncheckedIndexedAccess: true,
    types: [],
    outDir: 'out',
  },
  include: ['*.ts'],
};

export type OwnPackage = keyof typeof NATIVE;

/** A folder as a stranger has it who has just installed packages of ours. */
export class EmptyProject {
  private readonly running = new Set<ChildProcess>();

  private constructor(
    readonly folder: string,
    /** What the builds say of themselves, by package. */
    readonly built: Readonly<Record<string, unknown>>,
  ) {}

  /** Built, packed and installed as they would be published; nothing is downloaded. */
  static async with(...packages: readonly OwnPackage[]): Promise<EmptyProject> {
    const folder = await mkdtemp(path.join(tmpdir(), 'leasehold-project-'));
    const archives = path.join(folder, 'archives');
    await mkdir(archives);
    const built: Record<string, unknown> = {};
    const project = new EmptyProject(folder, built);
    for (const name of packages) {
      const target = path.join(folder, 'built', name);
      const told = await project.run(process.execPath, [path.join(REPOSITORY, 'libs', name, 'build.mjs'), target]);
      built[name] = JSON.parse(told);
      for (const each of [target, ...(await nativePackages(name))]) {
        await project.run('npm', ['pack', '--ignore-scripts', '--pack-destination', archives, each]);
      }
    }
    await project.write('package.json', JSON.stringify({ name: 'project', private: true, type: 'module' }));
    await project.write('tsconfig.json', JSON.stringify(TSCONFIG));
    const files = (await readdir(archives)).map((file) => path.join(archives, file));
    await project.run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', ...files]);
    return project;
  }

  /** A package that the repository has installed anyway, as one that the project has beside ours. */
  async link(packageName: string): Promise<void> {
    const target = path.join(this.folder, 'node_modules', packageName);
    await mkdir(path.dirname(target), { recursive: true });
    await symlink(path.join(MODULES, packageName), target);
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(path.join(this.folder, file), text);
  }

  /** All `*.ts` to `out/`, types checked. @throws with what the compiler says */
  async compile(): Promise<void> {
    await this.run(process.execPath, [TSC, '-p', '.']);
  }

  /** As a program of somebody who checks everything. @throws with what the compiler says */
  async typecheck(file: string): Promise<void> {
    const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom'];
    await this.run(process.execPath, [TSC, '--ignoreConfig', ...strict, file]);
  }

  /** @returns what it prints. @throws with what it prints where it fails */
  async run(command: string, args: readonly string[]): Promise<string> {
    const options = {
      cwd: this.folder,
      timeout: RUN_TIMEOUT_MS,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    };
    try {
      return (await promisify(execFile)(command, [...args], options)).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`${command} ${args.join(' ')} failed\n${stdout ?? ''}\n${stderr ?? ''}`, { cause: error });
    }
  }

  /** Goes on by itself, with none of what the tests run under. */
  start(file: string, args: readonly string[] = []): Program {
    const child = spawn(process.execPath, [file, ...args], {
      cwd: this.folder,
      env: { PATH: process.env['PATH'] },
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

async function nativePackages(name: OwnPackage): Promise<readonly string[]> {
  const found = await Promise.all(
    NATIVE[name].map(async (native) => {
      const folder = path.join(MODULES, native);
      return native.startsWith('@') ? (await readdir(folder)).map((inside) => path.join(folder, inside)) : [folder];
    }),
  );
  return found.flat();
}
