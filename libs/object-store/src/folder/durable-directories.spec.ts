import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { DurableDirectories } from './durable-directories.js';

describe('durable directories', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'leasehold-directories-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('are created with their parents, and synced by any number of callers', async () => {
    const directories = new DurableDirectories(root);
    const path = join(root, 'a', 'b');
    await Promise.all([directories.ensure(path), directories.ensure(path), directories.ensure(join(root, 'a'))]);
    await Promise.all(Array.from({ length: 10 }, () => directories.sync(path)));
  });

  it('are never called durable again after a sync has failed', async () => {
    const directories = new DurableDirectories(root);
    await directories.ensure(join(root, 'a'));
    await expect(directories.sync(join(root, 'absent'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(directories.sync(join(root, 'a'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(directories.ensure(join(root, 'b'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
