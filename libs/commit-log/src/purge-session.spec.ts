import { beforeEach, describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { sealRecord, Session } from '@leasehold/lease';
import type { ObjectStore } from '@leasehold/object-store';
import { MemoryStore, StoreUnavailableError } from '@leasehold/object-store';

import { closeLog } from './close-log.js';
import { readTail } from './closed-log.js';
import { CommitLog } from './commit-log.js';
import { COMMIT_LOG_SETTINGS } from './commit-log-settings.js';
import type { LogDatabase } from './log-index.js';
import { PURGE_AGE_MS, purgeOrphanedLog, purgeSession } from './purge-session.js';

const A = '00000000-0000-4000-8000-00000000000a' as DatabaseId;
const TTL_MS = 6_000;
const FOLD_AT = 5;

let clock: FakeClock;
let memory: MemoryStore;
let session: Session;
let log: CommitLog;

beforeEach(async () => {
  clock = new FakeClock();
  memory = new MemoryStore(clock);
  session = await start(1);
  const ctx = { store: memory, clock, random: seededRandom(3), session };
  log = new CommitLog(ctx, { ...COMMIT_LOG_SETTINGS, foldAtSegments: FOLD_AT });
});

const start = (seed: number): Promise<Session> =>
  Session.start(
    { store: memory, clock, random: seededRandom(seed) },
    { endpoint: 'http://a', pid: seed, host: 'a', ttlMs: TTL_MS },
  );

/** Dies with a rollup and two loose segments of A, and its log is closed. */
async function die(): Promise<void> {
  for (let sequence = 1; sequence <= FOLD_AT + 2; sequence++) {
    const payload = Buffer.from(`a${sequence}`);
    await clock.settle(
      log.append({ databaseId: A, epoch: 1, firstSequence: sequence, lastSequence: sequence, payload }),
    );
  }
  await clock.advance(10);
  session.stop();
  await clock.settle(closeLog({ store: memory, clock, random: seededRandom(9) }, session.id));
}

/** A day passes, in which another session lives: its record tells the store's time. */
async function aDay(): Promise<void> {
  clock.pause(PURGE_AGE_MS);
  await start(100 + Math.floor(clock.monotonic()));
}

const purge = (
  isRecovered: (databases: readonly LogDatabase[]) => boolean = () => true,
  store: ObjectStore = memory,
): ReturnType<typeof purgeSession> =>
  purgeSession({ store }, session.id, { isRecovered: async (databases) => isRecovered(databases) });

async function left(): Promise<string> {
  const { objects } = await memory.list(bucketLayout.log(session.id));
  const seals = objects.filter(({ sizeBytes }) => sizeBytes === 63).length;
  const record = await memory.get(bucketLayout.session(session.id));
  return `${record === undefined ? 'no record' : 'record'}, ${objects.length - seals} data, ${seals} seals`;
}

describe('S5: purging a session', () => {
  it('deletes record, segments and rollups after a day, and leaves the seals', async () => {
    await die();
    expect(await left()).toBe('record, 3 data, 64 seals');
    await aDay();
    const seen: (readonly LogDatabase[])[] = [];
    expect(await purge((databases) => seen.push(databases) > 0)).toBe('purged');
    expect(seen).toEqual([[{ databaseId: A, epoch: 1, lastSequence: FOLD_AT + 2, damaged: false }]]);
    expect(await left()).toBe('no record, 0 data, 64 seals');
    expect(await purge()).toBe('absent');
  });

  it('leaves everything until all databases are recovered', async () => {
    await die();
    await aDay();
    expect(await purge(() => false)).toBe('unrecovered');
    expect(await left()).toBe('record, 3 data, 64 seals');
  });

  it('leaves everything when damage could be anybody’s', async () => {
    await die();
    const key = bucketLayout.segment(session.id, FOLD_AT + 1);
    await memory.delete(key);
    await memory.put(key, Buffer.from('nonsense'), 'create');
    await aDay();
    expect(await purge()).toBe('unrecovered');
    expect(await left()).toBe('record, 3 data, 64 seals');
  });

  it('waits a day by the store’s clock, and as long as nothing tells the time', async () => {
    await die();
    expect(await purge()).toBe('too-young');
    // A day passes here, and in the bucket nothing has happened since.
    await clock.advance(2 * PURGE_AGE_MS);
    expect(await purge()).toBe('too-young');
    clock.jumpWall(-2 * PURGE_AGE_MS + 1_000);
    await start(7);
    expect(await purge()).toBe('too-young');
    await aDay();
    expect(await purge()).toBe('purged');
  });

  it('counts the day from the last thing that landed in the log', async () => {
    await die();
    await aDay();
    await memory.put(bucketLayout.rollup(session.id, 1, 3), Buffer.from('late'), 'create');
    expect(await purge()).toBe('too-young');
  });

  it('touches no session that lives, nor one whose log is still open', async () => {
    expect(await purge()).toBe('not-ended');
    await sealRecord({ store: memory, clock, random: seededRandom(8) }, session.id);
    await aDay();
    expect(await purge()).toBe('not-ended');
    expect(await left()).toBe('record, 0 data, 0 seals');
  });

  it('takes what a clean session has left below its floor along', async () => {
    await clock.settle(
      log.append({ databaseId: A, epoch: 1, firstSequence: 1, lastSequence: 1, payload: Buffer.from('a1') }),
    );
    log.flushed(A, 1, 1);
    const deletion = memory.delete.bind(memory);
    memory.delete = async () => {
      throw new StoreUnavailableError('down');
    };
    await clock.settle(session.sealClean());
    await clock.advance(10);
    memory.delete = deletion;
    expect(await left()).toBe('record, 1 data, 0 seals');
    await aDay();
    expect(await purge(() => false)).toBe('purged');
    expect(await left()).toBe('no record, 0 data, 0 seals');
  });

  it('may stop at any request: what is left is nothing to recover, and goes as an orphan', async () => {
    await die();
    await aDay();
    const before = await memory.list('');
    const bodies = await Promise.all(before.objects.map(async ({ key }) => ({ key, object: await memory.get(key) })));
    for (let crashAt = 1; crashAt <= 4; crashAt++) {
      const world = new MemoryStore(clock);
      for (const { key, object } of bodies) {
        if (object !== undefined && object !== 'not-modified') await world.put(key, object.body, 'create');
      }
      memory = world;
      await aDay();
      const old = await clock.settle(closeLog({ store: world, clock, random: seededRandom(9) }, session.id));
      let deletes = 0;
      const crashing: ObjectStore = {
        get: world.get.bind(world),
        put: world.put.bind(world),
        list: world.list.bind(world),
        delete: async (key) => {
          if (++deletes >= crashAt) throw new StoreUnavailableError('crashed');
          await world.delete(key);
        },
      };
      await expect(purge(() => true, crashing)).rejects.toMatchObject({ kind: 'unavailable' });
      // A recovery that began before: nothing is damaged, whether it finds the record or not.
      const tail = await readTail({ store: world }, old, A, 1, FOLD_AT + 2);
      expect(tail).toEqual([]);
      const again = await clock.settle(closeLog({ store: world, clock, random: seededRandom(9) }, session.id));
      expect(await readTail({ store: world }, again, A, 1, FOLD_AT + 2)).toEqual([]);
      const outcome = await purge();
      expect(outcome).toBe(crashAt === 1 ? 'purged' : 'absent');
      const orphans = await purgeOrphanedLog({ store: world }, session.id, {});
      expect(orphans).toBe(crashAt === 1 ? 'empty' : 'purged');
      expect(await left()).toBe('no record, 0 data, 64 seals');
    }
  });

  it('may run twice at the same time', async () => {
    await die();
    await aDay();
    expect(await Promise.all([purge(), purge()])).toEqual(expect.arrayContaining(['purged']));
    expect(await left()).toBe('no record, 0 data, 64 seals');
  });

  it('keeps a zombie from ever writing where its log was closed', async () => {
    await die();
    await aDay();
    await purge();
    for (let number = FOLD_AT + 3; number < FOLD_AT + 3 + 64; number++) {
      const put = await memory.put(bucketLayout.segment(session.id, number), Buffer.from('zombie'), 'create');
      expect(put).toEqual({ outcome: 'refused' });
    }
  });
});

describe('S5: purging an orphaned log', () => {
  it('deletes what landed after the purge, a day later', async () => {
    await die();
    await aDay();
    await purge();
    await memory.put(bucketLayout.segment(session.id, 1), Buffer.from('a retry of long ago'), 'create');
    expect(await purgeOrphanedLog({ store: memory }, session.id)).toBe('too-young');
    await aDay();
    expect(await purgeOrphanedLog({ store: memory }, session.id)).toBe('purged');
    expect(await purgeOrphanedLog({ store: memory }, session.id)).toBe('empty');
    expect(await left()).toBe('no record, 0 data, 64 seals');
  });

  it('touches no log whose session has a record', async () => {
    await die();
    await aDay();
    expect(await purgeOrphanedLog({ store: memory }, session.id)).toBe('has-record');
    expect(await left()).toBe('record, 3 data, 64 seals');
  });
});
