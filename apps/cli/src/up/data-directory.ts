import { existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { tryLock } from '../../../../tools/lock.mjs';
import { CliError, explainFileError, systemCode } from '../cli-error.js';

/** What lies where in the folder that holds everything of one `up`. */
export interface DataFolders {
  readonly path: string;
  readonly bucket: string;
  /** Where the bucket is served while it runs, for commands beside it. */
  readonly bucketUrl: string;
  readonly postgres: string;
  /** Mails that nobody is sent. */
  readonly mailbox: string;
  readonly secrets: string;
  readonly logs: string;
}

/** Held by one running supervisor at a time. */
export interface DataDirectory extends DataFolders {
  /** Lets the next start in. Takes the folder itself away if it was made now and nothing was put into it. */
  release(): void;
}

export function dataFolders(path: string): DataFolders {
  return {
    path,
    bucket: join(path, 'bucket'),
    bucketUrl: join(path, 'bucket.url'),
    postgres: join(path, 'postgres'),
    mailbox: join(path, 'mailbox'),
    secrets: join(path, 'secrets.json'),
    logs: join(path, 'logs'),
  };
}

/** @throws CliError when somebody else runs on it, or it cannot be used. */
export function openDataDirectory(path: string): DataDirectory {
  const directory = resolve(path);
  try {
    const isNew = makeFolder(directory);
    if (!statSync(directory).isDirectory()) throw new CliError(`${directory} is in the way: a folder is needed there`);
    const lock = tryLock(join(directory, 'up.lock'));
    if (lock.holder !== undefined) {
      throw new CliError(`${directory} is in use by a running ./leasehold up (process ${lock.holder})`);
    }
    return {
      ...dataFolders(directory),
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

/**
 * True when it was made now. One level at a time: Node's recursive form never returns below a folder like /proc, which
 * exists and yet takes no folders.
 */
function makeFolder(directory: string): boolean {
  const missing: string[] = [];
  for (let folder = directory; !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) makeOne(folder);
  return missing.length > 0;
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') throw new CliError(`no folder can be made at ${folder}`);
    // Somebody else was faster, or a file is in the way: what follows tells which.
    if (code !== 'EEXIST') throw error;
  }
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Something is in it: then it stays.
  }
}
