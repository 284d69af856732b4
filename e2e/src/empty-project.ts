import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
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

/** A folder as a stranger has it who has just installed a package of ours. */
export class EmptyProject {
  private constructor(readonly folder: string) {}

  /** Built, packed and installed as it would be published; nothing is downloaded. @param packageName of `libs` */
  static async with(
    packageName: 'client',
  ): Promise<EmptyProject & { readonly bundleBytes: Readonly<Record<string, number>> }> {
    const folder = await mkdtemp(path.join(tmpdir(), 'leasehold-project-'));
    const project = new EmptyProject(folder);
    const built = await project.run(process.execPath, [
      `${REPOSITORY}/libs/${packageName}/build.mjs`,
      `${folder}/package`,
    ]);
    const { bundleBytes } = JSON.parse(built) as { bundleBytes: Readonly<Record<string, number>> };
    const packed = await project.run('npm', ['pack', '--json', './package']);
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
    await rm(`${folder}/package`, { recursive: true });
    await project.write('package.json', JSON.stringify({ name: 'project', private: true, type: 'module' }));
    await project.run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${filename}`]);
    await project.write('tsconfig.json', JSON.stringify(TSCONFIG));
    return Object.assign(project, { bundleBytes });
  }

  /** A package that the repository has installed anyway, as one that the project has beside ours. */
  async link(packageName: string): Promise<void> {
    const target = path.join(this.folder, 'node_modules', packageName);
    await mkdir(path.dirname(target), { recursive: true });
    await symlink(path.join(REPOSITORY, 'node_modules', packageName), target);
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(path.join(this.folder, file), text);
  }

  /** All `*.ts` to `out/`, types checked. @throws with what the compiler says */
  async compile(): Promise<void> {
    await this.run(process.execPath, [path.join(REPOSITORY, 'node_modules/typescript/bin/tsc'), '-p', '.']);
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

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
