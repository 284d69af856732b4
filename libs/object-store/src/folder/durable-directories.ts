import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

import { systemErrorCode } from './folder-errors.js';

/**
 * Makes directory entries survive a power cut: a rename or a new directory is durable only when the directory that names it was synced.
 * Calls for one directory that arrive while a sync is running share the next one.
 */
export class DurableDirectories {
  private readonly running = new Map<string, Promise<void>>();
  private readonly following = new Map<string, Promise<void>>();
  /** Directories of this process's life that are known to be durable; an entry per directory written to. */
  private readonly known = new Map<string, Promise<void>>();
  /** After a failed sync the next one succeeds, whatever became of the entries (Linux tells of a lost page once): nothing is believed any more. */
  private failure: Error | undefined;

  /** `root` exists. */
  constructor(root: string) {
    this.known.set(root, Promise.resolve());
  }

  /** Creates `path` (below the root) with its parents. A directory that was found is synced too: its creator may have died before. */
  ensure(path: string): Promise<void> {
    const known = this.known.get(path);
    if (known) return known;
    const ensured = this.create(path).catch((error: unknown) => {
      this.known.delete(path);
      throw error;
    });
    this.known.set(path, ensured);
    return ensured;
  }

  /** When it resolves, everything that was in the directory at the time of the call is durable there. */
  sync(path: string): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    const running = this.running.get(path);
    if (!running) return this.start(path);
    let following = this.following.get(path);
    if (!following) {
      following = running.catch(() => undefined).then(() => this.start(path));
      this.following.set(path, following);
    }
    return following;
  }

  private start(path: string): Promise<void> {
    this.following.delete(path);
    const run = syncDirectory(path)
      .catch((error: Error) => {
        this.failure ??= error;
        throw error;
      })
      .finally(() => {
        if (this.running.get(path) === run) this.running.delete(path);
      });
    this.running.set(path, run);
    return run;
  }

  private async create(path: string): Promise<void> {
    const parent = dirname(path);
    await this.ensure(parent);
    await mkdir(path).catch((error: unknown) => {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    });
    await this.sync(parent);
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
