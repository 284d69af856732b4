import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

import { LeaseholdError, toHex, type Random } from '@leasehold/foundation';

/** The part of an open file that a slab needs; a test puts a failing one in its place. */
export type SlabFile = Pick<FileHandle, 'read' | 'writev' | 'close'>;

const PREFIX = 'leasehold-cache-';
const NAME_BYTES = 12;

/** The cache cannot have its files there; the message is one sentence for the person who chose the directory. */
export class CacheDirectoryError extends LeaseholdError {
  override readonly name = 'CacheDirectoryError';

  constructor(cause: unknown) {
    const code = (cause as Partial<NodeJS.ErrnoException>)?.code ?? String(cause);
    super('invalid', 'cache-directory-unusable', `the cache directory cannot be used: ${code}`, { cause });
  }
}

/**
 * A new, empty file that has lost its name already. What has no name belongs to this process alone, however many share
 * the directory; nobody can truncate or delete it; and the operating system takes its space back when the process ends,
 * in whatever way. So there are no locks and no leftovers, and `df` counts these files while `du` does not.
 */
export async function openNameless(directory: string, random: Random): Promise<SlabFile> {
  const file = path.join(directory, `${PREFIX}${toHex(random.bytes(NAME_BYTES))}`);
  const handle = await open(file, 'wx+', 0o600);
  try {
    // Another process that opens its cache may have been faster: it takes the name for what a killed process left.
    await rm(file, { force: true });
    return handle;
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
}

/** Makes the directory, and deletes what a process left that was killed between opening a file and taking its name. */
export async function prepareDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const names = await readdir(directory);
  await Promise.all(
    names.filter((name) => name.startsWith(PREFIX)).map((name) => rm(path.join(directory, name), { force: true })),
  );
}
