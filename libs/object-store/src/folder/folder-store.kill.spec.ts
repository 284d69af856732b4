import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom, systemClock } from '@leasehold/foundation';
import { forkTypeScript, roundOfFolderObject } from '@leasehold/object-store-testing';

import type { StoredObject } from '../object-store.js';
import { FolderStore } from './folder-store.js';

const TESTING = dirname(createRequire(import.meta.url).resolve('@leasehold/object-store-testing'));
const WRITER = join(TESTING, '..', 'src', 'child-process', 'folder-writer.ts');
const KILLS = 8;

interface Report {
  readonly type: 'open' | 'put' | 'deleting' | 'deleted';
  readonly key: string;
  readonly round: number;
}
/** What the writer has told of a key: the last acknowledged round, and whether a deletion was begun or acknowledged since. */
interface Known {
  readonly round: number;
  readonly deletion: 'none' | 'begun' | 'acknowledged';
}

describe('folder store under kill -9', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leasehold-kill-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** Lets a writer run for some steps and kills it at no moment in particular. */
  async function runAndKill(
    firstRound: number,
    known: Map<string, Known>,
    afterReports: number,
    afterMs: number,
  ): Promise<number> {
    const writer = forkTypeScript(WRITER, { args: [directory, String(firstRound)] });
    let stderr = '';
    writer.stderr?.on('data', (chunk) => (stderr += String(chunk)));
    let reports = 0;
    let lastRound = firstRound;
    const enough = new Promise<void>((resolve) => {
      writer.on('message', (message) => {
        const { type, key, round } = message as Report;
        if (type === 'open') return;
        lastRound = Math.max(lastRound, round);
        const deletion = type === 'put' ? 'none' : type === 'deleting' ? 'begun' : 'acknowledged';
        known.set(key, { round: type === 'deleting' ? (known.get(key)?.round ?? -1) : round, deletion });
        if (++reports === afterReports) resolve();
      });
    });
    const exited = new Promise<void>((resolve) => writer.once('exit', () => resolve()));
    await Promise.race([enough, exited.then(() => Promise.reject(new Error(`writer ended: ${stderr}`)))]);
    await systemClock.sleep(afterMs);
    writer.kill('SIGKILL');
    // What it reported before it died still arrives.
    await Promise.all([
      exited,
      new Promise<void>((resolve) => (writer.channel ? writer.once('disconnect', resolve) : resolve())),
    ]);
    return lastRound;
  }

  it(`loses no acknowledged step and tears no object over ${KILLS} kills`, async () => {
    const random = seededRandom(11);
    const known = new Map<string, Known>();
    let nextRound = 0;
    let checked = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const lastRound = await runAndKill(
        nextRound,
        known,
        20 + Math.floor(random.fraction() * 60),
        random.fraction() * 40,
      );
      nextRound = lastRound + 100;

      // Opening at once also shows that the lock died with its holder.
      const store = await FolderStore.open(directory, systemClock);
      for (const [key, { round, deletion }] of known) {
        const object = (await store.get(key)) as StoredObject | undefined;
        if (!object) {
          expect([key, deletion]).not.toEqual([key, 'none']);
          continue;
        }
        const found = roundOfFolderObject(key, object.body);
        expect(found).toBeDefined();
        expect(found).toBeGreaterThanOrEqual(round);
        if (deletion === 'acknowledged') expect(found).toBeGreaterThan(round);
        checked++;
      }
      expect(await readdir(join(directory, 'incoming'))).toEqual([]);
      await store.close();
    }
    expect(checked).toBeGreaterThan(KILLS * 8);
  }, 60_000);
});
