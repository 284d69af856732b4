import { AssertionError, CorruptBytesError } from '@leasehold/foundation';
import { bucketLayout } from '@leasehold/bucket-layout';
import { UnknownOutcomeError } from '@leasehold/object-store';
import { describe, expect, it } from '@jest/globals';

import { claimedHead, DATABASE, EngineWorld, OTHER_SESSION, SESSION } from '../../testing/engine-world.js';
import type { Head } from '../format/head.js';
import { encodeHead } from '../format/head.js';
import { HEAD_EDIT_TRIES, HeadContentionError, holds } from './head-store.js';

const takeover = (head: Head): Head => ({ ...head, epoch: head.epoch + 1, owner: OTHER_SESSION });
/** An edit by another role: owner and epoch stay. */
const byAnotherRole = (head: Head): Head => ({ ...head, gcFloor: '0'.repeat(25) + '1' });

describe('a head store', () => {
  it('finds nothing where nothing is', async () => {
    const world = new EngineWorld();
    expect(await world.heads.load(DATABASE)).toBeUndefined();
  });

  it('reads what it created, with one request each', async () => {
    const world = new EngineWorld();
    const created = await world.heads.create(claimedHead());
    expect(world.takeCalls()).toEqual({ put: 1 });
    const loaded = await world.load();
    expect(world.takeCalls()).toEqual({ get: 1 });
    expect(created).toMatchObject({
      outcome: 'done',
      stored: { etag: loaded.etag, head: { trail: loaded.head.trail } },
    });
    expect(loaded.head).toMatchObject({ databaseId: DATABASE, owner: SESSION, epoch: 1, trail: { edits: 1 } });
    expect(loaded.lastModifiedAt).toBe(world.clock.now());
  });

  it('refuses a second create and shows the head that is there', async () => {
    const world = new EngineWorld();
    await world.claim();
    const second = await world.heads.create({ ...claimedHead(), owner: OTHER_SESSION });
    expect(second).toMatchObject({ outcome: 'conflict', current: { head: { owner: SESSION } } });
  });

  it('refuses a swap of a head that has changed and shows the present one', async () => {
    const world = new EngineWorld();
    const base = await world.claim();
    await world.heads.swap(base, takeover(base.head));
    const late = await world.heads.swap(base, { ...base.head, name: 'late' });
    expect(late).toMatchObject({
      outcome: 'conflict',
      current: { head: { epoch: 2, owner: OTHER_SESSION, name: 'todos' } },
    });
  });

  it('draws a fresh nonce for each edit, also of equal content', async () => {
    const world = new EngineWorld();
    const base = await world.claim();
    const same = await world.heads.swap(base, base.head);
    expect(same).toMatchObject({ outcome: 'done', stored: { head: { trail: { edits: 2 } } } });
    // Without it the ETag would be that of the base, and a writer that held the base could still swap.
    expect(await world.heads.swap(base, takeover(base.head))).toMatchObject({ outcome: 'conflict' });
  });

  it('learns that a swap was applied though its answer was lost', async () => {
    const world = new EngineWorld();
    const base = await world.claim();
    world.faulty.next('put', 'fail-after');
    const swap = await world.heads.swap(base, takeover(base.head));
    expect(swap).toMatchObject({ outcome: 'done', stored: { head: { epoch: 2, trail: { edits: 2 } } } });
    expect((await world.load()).etag).toBe(swap.outcome === 'done' ? swap.stored.etag : '');
  });

  it('repeats a swap that was not applied', async () => {
    const world = new EngineWorld();
    const base = await world.claim();
    world.faulty.next('put', 'fail-before', 'fail-before');
    expect(await world.heads.swap(base, takeover(base.head))).toMatchObject({ outcome: 'done' });
    expect((await world.load()).head.trail.edits).toBe(2);
  });

  it('learns that a create was applied though its answer was lost', async () => {
    const world = new EngineWorld();
    world.faulty.next('put', 'fail-after');
    expect(await world.heads.create(claimedHead())).toMatchObject({ outcome: 'done' });
    expect((await world.load()).head.trail.edits).toBe(1);
  });

  it('answers done with the present head when another role has edited it meanwhile', async () => {
    const world = new EngineWorld();
    const base = await world.claim();
    const swap = await swapThenOther(world, base, { ...base.head, name: 'mine' }, byAnotherRole);
    expect(swap).toMatchObject({ outcome: 'done', stored: { head: { name: 'mine', epoch: 1, trail: { edits: 3 } } } });
    expect(swap.outcome === 'done' && holds(swap.stored.head, base.head)).toBe(true);
  });

  it('answers done with the head of the successor when ours was applied and then taken over', async () => {
    const world = new EngineWorld();
    const base = await world.claim();
    const swap = await swapThenOther(world, base, { ...base.head, name: 'mine' }, takeover);
    expect(swap).toMatchObject({ outcome: 'done', stored: { head: { name: 'mine', epoch: 2, owner: OTHER_SESSION } } });
    expect(swap.outcome === 'done' && holds(swap.stored.head, base.head)).toBe(false);
  });

  it('says that it does not know when the store stays silent', async () => {
    const world = new EngineWorld();
    const base = await world.claim();
    world.faulty.setRates({ 'fail-before': 1 });
    await expect(world.heads.swap(base, takeover(base.head))).rejects.toThrow(UnknownOutcomeError);
  });

  it('takes the head of another database for corrupt', async () => {
    const world = new EngineWorld();
    const foreign = { ...claimedHead(), databaseId: '11111111-1d3c-4e6f-8a9b-7c5d3e1f0a2b' as Head['databaseId'] };
    await world.memory.put(bucketLayout.head(DATABASE), encodeHead(foreign), 'create');
    await expect(world.load()).rejects.toThrow(CorruptBytesError);
  });

  describe('edit', () => {
    it('applies the change anew on an edit by another role', async () => {
      const world = new EngineWorld();
      const base = await world.claim();
      await world.heads.swap(base, byAnotherRole(base.head));
      const edit = await world.heads.edit(base, (head) => ({ ...head, name: 'mine' }));
      expect(edit).toMatchObject({
        outcome: 'done',
        stored: { head: { name: 'mine', gcFloor: byAnotherRole(base.head).gcFloor } },
      });
    });

    it('is fenced by another epoch and changes nothing', async () => {
      const world = new EngineWorld();
      const base = await world.claim();
      await world.heads.swap(base, takeover(base.head));
      const edit = await world.heads.edit(base, (head) => ({ ...head, name: 'mine' }));
      expect(edit).toMatchObject({ outcome: 'fenced', current: { head: { epoch: 2 } } });
      expect((await world.load()).head.name).toBe('todos');
    });

    it('goes on across owners when it is told to', async () => {
      const world = new EngineWorld();
      const base = await world.claim();
      await world.heads.swap(base, takeover(base.head));
      const edit = await world.heads.edit(base, byAnotherRole, { acrossOwners: true });
      expect(edit).toMatchObject({
        outcome: 'done',
        stored: { head: { epoch: 2, gcFloor: byAnotherRole(base.head).gcFloor } },
      });
    });

    it('is dropped where the change has nothing to do', async () => {
      const world = new EngineWorld();
      const base = await world.claim();
      expect(await world.heads.edit(base, () => undefined)).toEqual({ outcome: 'dropped', current: base });
    });

    it('gives up when others edit between every read and write', async () => {
      const world = new EngineWorld();
      const base = await world.claim();
      let tries = 0;
      const edit = world.heads.edit(base, async (head) => {
        tries++;
        const present = await world.load();
        await world.heads.swap(present, present.head);
        return head;
      });
      await expect(edit).rejects.toThrow(HeadContentionError);
      expect(tries).toBe(HEAD_EDIT_TRIES);
    });
  });

  it.each<[string, (head: Head) => Head]>([
    ['lowers the epoch', (head) => ({ ...head, epoch: 1, owner: undefined })],
    ['lowers the gc floor', (head) => ({ ...head, gcFloor: '0'.repeat(26) })],
    ['removes the gc floor', (head) => ({ ...head, gcFloor: undefined })],
  ])('refuses an edit that %s', async (_, change) => {
    const world = new EngineWorld();
    const first = await world.claim();
    const swap = await world.heads.swap(first, byAnotherRole(takeover(first.head)));
    if (swap.outcome !== 'done') throw new Error('swap failed');
    expect(() => world.heads.swap(swap.stored, change(swap.stored.head))).toThrow(AssertionError);
  });
});

/** Our swap is applied and its answer lost; before we ask again, somebody else edits the head. */
async function swapThenOther(
  world: EngineWorld,
  base: Awaited<ReturnType<EngineWorld['claim']>>,
  mine: Head,
  other: (head: Head) => Head,
): ReturnType<EngineWorld['heads']['swap']> {
  world.faulty.next('put', 'fail-after', 'none');
  const mineSettles = world.heads.swap(base, mine);
  const present = await world.load();
  expect(present.head.name).toBe(mine.name);
  await world.heads.swap(present, other(present.head));
  return mineSettles;
}
