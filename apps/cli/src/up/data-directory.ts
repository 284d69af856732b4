import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tryLock } from '../../../../tools/lock.mjs';
import { CliError, explainFileError } from '../cli-error.js';

/** The folder that holds everything of one `up`, held by one running supervisor at a time. */
export interface DataDirectory {
  readonly path: string;
  readonly bucket: string;
  readonly postgres: string;
  readonly secrets: string;
  readonly logs: string;
  /** Lets the next start in. Takes the folder itself away if it was made now and nothing was put into it. */
  release(): void;
}

/** @throws CliError when somebody else runs on it, or it cannot be used. */
export function openDataDirectory(path: string): DataDirectory {
  const directory = resolve(path);
  try {
    const isNew = mkdirSync(directory, { recursive: true }) !== undefined;
    if (!statSync(directory).isDirectory()) throw new CliError(`${directory} is not a folder`);
    const lock = tryLock(join(directory, 'up.lock'));
    if (lock.holder !== undefined) {
      throw new CliError(`${directory} is in use by a running ./leasehold up (process ${lock.holder})`);
    }
    return {
      path: directory,
      bucket: join(directory, 'bucket'),
      postgres: join(directory, 'postgres'),
      secrets: join(directory, 'secrets.json'),
      logs: join(directory, 'logs'),
      release: () => {
        lock.release();
        if (isNew) removeIfEmpty(directory);
      },
    };
  } catch (error) {
    const sentence = explainFileError(error);
    if (sentence === undefined) throw error;
    throw new CliError(sentence, 1, { cause: error });
  }
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Something is in it: then it stays.
  }
}
