import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { systemClock, utf8 } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';
import { FolderStore, MemoryStore, StoreUnavailableError } from '@leasehold/object-store';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Terminal } from '../terminal.js';
import { drawSecrets, writeSecrets } from '../up/secrets.js';
import { openDataBucket } from './open-bucket.js';
import { scrub } from './scrub.js';

const PLAIN = { json: false, verbose: false, graceSeconds: 0 };
const HEAD = 'db/0b8f2a5e-1d3c-4e6f-8a9b-7c5d3e1f0a2b/head';

class Paper implements Terminal {
  readonly said: string[] = [];
  readonly results: string[] = [];
  say(line: string): void {
    this.said.push(line);
  }
  result(text: string): void {
    this.results.push(text);
  }
}

describe('leasehold scrub', () => {
  let store: MemoryStore;
  let paper: Paper;
  let closed: number;

  beforeEach(async () => {
    store = new MemoryStore(systemClock);
    paper = new Paper();
    closed = 0;
    await store.put('left/behind', utf8('x'), 'create');
  });

  const run = (options: Partial<typeof PLAIN> = {}, from: ObjectStore = store): Promise<void> => {
    const close = async (): Promise<void> => void closed++;
    return scrub({ store: from, name: 'a bucket', close }, { ...PLAIN, ...options }, paper);
  };

  it('prints one line of JSON', async () => {
    await run({ json: true });
    expect(paper.results.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        ...{ objects: 1, referenced: 0, missing: 0, corrupt: 0, orphans: 1, young: 0 },
        ...{ databases: 0, sessions: 0, quarantined: 0, unclosed: 0 },
      },
    ]);
    expect(closed).toBe(1);
  });

  it('names orphans when asked to, and counts young ones apart', async () => {
    await run({ verbose: true });
    expect(paper.results[0]).toMatch(/^orphan {2}left\/behind: nothing is known under such a name\nobjects {5}1\n/);
    await run({ verbose: true, json: true });
    expect(JSON.parse(paper.results[1] as string)).toMatchObject({ orphans: 1, findings: [{ name: 'left/behind' }] });
  });

  it('fails, and names what is wrong, when something is', async () => {
    await store.put(HEAD, utf8('x'), 'create');
    await expect(run()).rejects.toThrow('0 objects are missing and 1 are damaged');
    expect(paper.results[0]).toMatch(`corrupt ${HEAD}: `);
    expect(paper.results[0]).not.toMatch('left/behind');
    await expect(run({ json: true })).rejects.toThrow('are damaged');
    expect(JSON.parse(paper.results[1] as string)).toMatchObject({ objects: 2, corrupt: 1, orphans: 1 });
    expect(closed).toBe(2);
  });

  it('says in one sentence that a bucket does not answer', async () => {
    const list = (): Promise<never> => Promise.reject(new StoreUnavailableError('no answer'));
    await expect(run({}, Object.assign(new MemoryStore(systemClock), { list }))).rejects.toThrow(
      'could not read a bucket: no answer',
    );
    expect(closed).toBe(1);
  });
});

describe('the bucket of an up', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leasehold-scrub-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is read from the disk while nobody serves it', async () => {
    const store = await FolderStore.open(join(folder, 'bucket'), systemClock);
    await store.put('left/behind', utf8('x'), 'create');
    await store.close();
    const bucket = await openDataBucket(folder);
    expect((await bucket.store.list('')).objects).toHaveLength(1);
    await bucket.close();
  });

  it('is read through its server while that has it', async () => {
    const store = await FolderStore.open(join(folder, 'bucket'), systemClock);
    await expect(openDataBucket(folder)).rejects.toThrow('in use');
    writeSecrets(join(folder, 'secrets.json'), drawSecrets());
    await writeFile(join(folder, 'bucket.url'), 'http://127.0.0.1:9\n');
    const bucket = await openDataBucket(folder);
    expect(bucket.name).toBe('bucket leasehold at http://127.0.0.1:9');
    await bucket.close();
    await store.close();
  });

  it('has to be there', async () => {
    await expect(openDataBucket(folder)).rejects.toThrow('holds no bucket');
    await expect(openDataBucket(join(folder, 'nowhere'))).rejects.toThrow('holds no bucket');
  });
});
