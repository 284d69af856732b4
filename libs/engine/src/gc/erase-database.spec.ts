import { bucketLayout } from '@leasehold/bucket-layout';
import { utf8 } from '@leasehold/foundation';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { DATABASE, EngineWorld, OTHER_SESSION, SESSION } from '../../testing/engine-world.js';
import { eraseDatabase } from './erase-database.js';
import { pinDatabase, unpin } from './pins.js';

const KEEP_MS = 86_400_000;
const HOLDER = '9c8f2a5e-1d3c-4e6f-8a9b-7c5d3e1f0a2c' as typeof DATABASE;

describe('H6: erasing a database', () => {
  let world: EngineWorld;
  let isOver: boolean;

  beforeEach(() => {
    world = new EngineWorld();
    isOver = false;
  });

  const erase = (store = world.store) =>
    eraseDatabase({ ...world.ctx, store }, DATABASE, {
      isOver: async () => isOver,
      keepTombstoneMs: KEEP_MS,
      storeNow: async () => world.clock.now(),
    });
  const keys = async () => (await world.memory.list(bucketLayout.database(DATABASE))).objects.map(({ key }) => key);

  async function written(): Promise<void> {
    const stored = await world.claim();
    await world.flush([world.commit({ a: '1', b: 'x'.repeat(100_000) })]);
    await world.memory.put(`${bucketLayout.database(DATABASE)}blob/some-blob`, utf8('blob'), 'create');
    expect(stored.head.owner).toBe(SESSION);
    expect((await keys()).length).toBeGreaterThan(2);
  }

  it('waits for the session that owns it, and changes nothing', async () => {
    await written();
    const before = await keys();
    expect(await erase()).toMatchObject({ outcome: 'owned', owner: SESSION, deletedObjects: 0 });
    expect(await keys()).toEqual(before);
    expect((await world.load()).head).toMatchObject({ epoch: 1, owner: SESSION, deletedAt: undefined });
  });

  it('leaves a tombstone at the next epoch, and takes it away when it is old enough', async () => {
    await written();
    isOver = true;
    const { lastCommit, usage } = (await world.load()).head;
    expect(await erase()).toMatchObject({ outcome: 'buried' });
    expect(await keys()).toEqual([bucketLayout.head(DATABASE)]);
    const { head } = await world.load();
    expect(head).toMatchObject({ epoch: 2, owner: undefined, inline: [], l0: [], l1: [], name: '', lastCommit, usage });
    expect(head.deletedAt).toBeDefined();
    expect(await erase()).toMatchObject({ outcome: 'buried', deletedObjects: 0 });
    expect((await world.load()).head.trail).toEqual(head.trail);
    await world.clock.sleep(KEEP_MS);
    expect(await erase()).toMatchObject({ outcome: 'erased' });
    expect(await keys()).toEqual([]);
    expect(await erase()).toMatchObject({ outcome: 'erased', deletedObjects: 0 });
  });

  it('lets no edit through that was made of the head before', async () => {
    await written();
    const before = await world.load();
    isOver = true;
    await erase();
    const flush = await world.heads.edit(before, (head) => ({ ...head, gcFloor: undefined }));
    expect(flush).toMatchObject({ outcome: 'fenced' });
    const claim = await world.heads.swap(before, { ...before.head, epoch: 2, owner: OTHER_SESSION });
    expect(claim).toMatchObject({ outcome: 'conflict', current: { head: { owner: undefined, epoch: 2 } } });
    const first = await world.heads.create({ ...before.head, epoch: 1 });
    expect(first.outcome).toBe('conflict');
  });

  it('takes along what lands after the first run', async () => {
    await written();
    isOver = true;
    await erase();
    await world.memory.put(bucketLayout.sst(DATABASE, '01jd00000000000000000000zz' as never), utf8('late'), 'create');
    await world.clock.sleep(KEEP_MS);
    expect(await erase()).toMatchObject({ outcome: 'erased', deletedObjects: 1 });
    expect(await keys()).toEqual([]);
  });

  it('leaves the files that others have pinned, and its tombstone beside them', async () => {
    await written();
    const pinned = await pinDatabase(world.ctx, DATABASE, { holder: HOLDER, purpose: 'branch' });
    if (pinned === undefined) throw new Error('nothing was pinned');
    isOver = true;
    expect(await erase()).toMatchObject({ outcome: 'pinned' });
    await world.clock.sleep(KEEP_MS);
    expect(await erase()).toMatchObject({ outcome: 'pinned', deletedObjects: 0 });
    for (const file of pinned.pin.files) expect(await keys()).toContain(bucketLayout.sst(DATABASE, file));
    await unpin(world.store, pinned.pin);
    expect(await erase()).toMatchObject({ outcome: 'erased' });
    expect(await keys()).toEqual([]);
  });

  it('is done by repeating it, whichever request is lost', async () => {
    isOver = true;
    await written();
    let after = 0;
    for (let tries = 0; ; tries++) {
      expect(tries).toBeLessThan(100);
      let calls = 0;
      const losing = new Proxy(world.store, {
        get(store, verb) {
          const call = store[verb as keyof typeof store] as (...given: unknown[]) => Promise<unknown>;
          return async (...given: unknown[]) => {
            const answer = await call.apply(store, given);
            // Applied, and the process dies before it hears of it.
            if (calls++ === after) throw new Error('died');
            return answer;
          };
        },
      });
      const outcome = await erase(losing).then(
        (report) => report.outcome,
        () => 'died',
      );
      after++;
      if (outcome === 'erased') break;
      if (outcome === 'buried') await world.clock.sleep(KEEP_MS);
    }
    expect(after).toBeGreaterThan(3);
    expect(await keys()).toEqual([]);
  });

  it('leaves one alone that is quarantined, and finds nothing where there is none', async () => {
    expect(await erase()).toMatchObject({ outcome: 'erased', deletedObjects: 0 });
    await written();
    isOver = true;
    await world.heads.edit(await world.load(), (head) => ({ ...head, quarantined: true }));
    expect(await erase()).toMatchObject({ outcome: 'quarantined' });
  });
});
