import { beforeEach, describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import { CorruptBytesError, seededRandom, utf8, type TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { MemoryStore, StoreUnavailableError, type ObjectStore } from '@leasehold/object-store';

import { RevocationLog } from './revocation-log.js';
import { recentRevocations, resumption, suspension, type RevocationState } from './revocation-state.js';
import { REVOCATION_INTERVAL_MS, RevocationWatch } from './revocation-watch.js';

const A = 'tenant-a' as TenantId;
const B = 'tenant-b' as TenantId;
const HOUR_MS = 3_600_000;

describe('the log of revocations', () => {
  let clock: FakeClock;
  let memory: MemoryStore;
  let calls: string[];
  let down: boolean;
  let store: ObjectStore;
  let log: RevocationLog;

  beforeEach(() => {
    clock = new FakeClock();
    memory = new MemoryStore(clock);
    calls = [];
    down = false;
    const ask = <T>(verb: string, work: () => Promise<T>): Promise<T> => {
      calls.push(verb);
      return down ? Promise.reject(new StoreUnavailableError('down')) : work();
    };
    store = {
      get: (key, options) => ask('get', () => memory.get(key, options)),
      put: (key, body, condition) => ask('put', () => memory.put(key, body, condition)),
      delete: (key) => ask('delete', () => memory.delete(key)),
      list: (prefix, options) => ask('list', () => memory.list(prefix, options)),
    };
    log = new RevocationLog({ store: memory, clock, random: seededRandom(1) });
  });

  const watchOf = (outages: string[] = []) =>
    new RevocationWatch({
      store,
      clock,
      random: seededRandom(2),
      onOutage: () => outages.push('down'),
      onRecovery: () => outages.push('up'),
    });

  it('tells gateways within one interval what is suspended, resumed and revoked', async () => {
    const watch = watchOf();
    await watch.start();
    expect([watch.suspends(A), watch.isRevoked('k1'), watch.number]).toEqual([false, false, 0]);
    await log.append(suspension(A, 'abuse', 'op'));
    const at = clock.now();
    await log.append(recentRevocations({ keys: [{ id: 'k1', at }], providers: [{ id: 'p1', at }] }));
    await clock.advance(REVOCATION_INTERVAL_MS);
    expect([watch.suspends(A), watch.suspends(B), watch.isRevoked('k1'), watch.number]).toEqual([true, false, true, 2]);
    expect([watch.isProviderRemoved('p1'), watch.isProviderRemoved('k1')]).toEqual([true, false]);
    await log.append(resumption(A));
    await clock.advance(REVOCATION_INTERVAL_MS);
    expect([watch.suspends(A), watch.isRevoked('k1')]).toEqual([false, true]);
    await watch.stop();
  });

  it('costs a gateway one GET for each look while nothing changes', async () => {
    await log.append(suspension(A, 'abuse', 'op'));
    const watch = watchOf();
    await watch.start();
    expect(calls).toEqual(['list', 'get']);
    calls.length = 0;
    for (let looks = 0; looks < 100; looks++) await clock.advance(REVOCATION_INTERVAL_MS);
    expect(calls).toEqual(Array(100).fill('get'));
    await watch.stop();
  });

  it('knows what was suspended before it started, from the latest state alone', async () => {
    for (const tenant of ['a', 'b', 'c', 'd']) await log.append(suspension(tenant as TenantId, 'abuse', 'op'));
    const watch = watchOf();
    await watch.start();
    expect(['a', 'b', 'c', 'd', 'e'].map((id) => watch.suspends(id as TenantId))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(calls).toEqual(['list', 'get']);
    await watch.stop();
  });

  it('goes on refusing while the bucket does not answer, and reads on afterwards', async () => {
    const outages: string[] = [];
    await log.append(suspension(A, 'abuse', 'op'));
    const watch = watchOf(outages);
    await watch.start();
    down = true;
    await log.append(suspension(B, 'abuse', 'op'));
    for (let looks = 0; looks < 5; looks++) await clock.advance(REVOCATION_INTERVAL_MS);
    expect([watch.suspends(A), watch.suspends(B), outages]).toEqual([true, false, ['down']]);
    down = false;
    await clock.advance(REVOCATION_INTERVAL_MS);
    expect([watch.suspends(A), watch.suspends(B), outages]).toEqual([true, true, ['down', 'up']]);
    await watch.stop();
  });

  it('starts without the bucket', async () => {
    down = true;
    await log.append(suspension(A, 'abuse', 'op'));
    const watch = watchOf();
    await watch.start();
    expect([watch.suspends(A), watch.unconfirmedMs()]).toEqual([false, undefined]);
    down = false;
    await clock.advance(REVOCATION_INTERVAL_MS);
    expect(watch.suspends(A)).toBe(true);
    await watch.stop();
  });

  it('keeps what it knew in the face of a damaged state, and gets past it', async () => {
    const outages: string[] = [];
    await log.append(suspension(A, 'abuse', 'op'));
    const watch = watchOf(outages);
    await watch.start();
    await memory.put(bucketLayout.revocation(2), utf8('{"format":1'), 'create');
    await clock.advance(REVOCATION_INTERVAL_MS);
    expect([watch.suspends(A), outages]).toEqual([true, ['down']]);
    const state = '{"format":1,"number":3,"id":"x","at":1,"suspended":[],"keys":[]}';
    await memory.put(bucketLayout.revocation(3), utf8(state), 'create');
    await clock.advance(REVOCATION_INTERVAL_MS);
    expect([watch.suspends(A), watch.number, outages]).toEqual([false, 3, ['down', 'up']]);
    await watch.stop();
  });

  /** As somebody's disk left it. */
  const damage = async (number: number) => {
    await memory.delete(bucketLayout.revocation(number));
    await memory.put(bucketLayout.revocation(number), utf8('{"format":2,"numb'), 'create');
  };
  const suspendedIn = ({ suspended }: RevocationState) => suspended.map(({ tenantId }) => tenantId);

  it.each(['the latest', 'the latest three'])(
    'is written on behind %s that are damaged, and read on',
    async (which) => {
      await log.append(suspension(A, 'abuse', 'op'));
      await log.append(suspension(B, 'abuse', 'op'));
      const watch = watchOf();
      await watch.start();
      const lost = which === 'the latest' ? [3] : [3, 4, 5];
      for (const number of lost) await memory.put(bucketLayout.revocation(number), utf8('no'), 'create');
      await clock.advance(REVOCATION_INTERVAL_MS);
      const passed: object[] = [];
      const repair = { repaired: (numbers: object) => passed.push(numbers) };
      const writer = new RevocationLog({ store: memory, clock, random: seededRandom(6) }, repair);
      const next = (lost.at(-1) ?? 0) + 1;
      const written = await writer.append(resumption(B));
      expect([written.number, suspendedIn(written), passed]).toEqual([next, [A], [{ from: 3, to: next - 1 }]]);
      await clock.advance(REVOCATION_INTERVAL_MS);
      expect([watch.number, watch.suspends(A), watch.suspends(B)]).toEqual([next, true, false]);
      expect((await log.append(suspension(B, 'again', 'op'))).number).toBe(next + 1);
      expect(passed).toHaveLength(1);
      await watch.stop();
    },
  );

  it('is repaired also by who has nothing to write, once', async () => {
    await log.append(suspension(A, 'abuse', 'op'));
    await memory.put(bucketLayout.revocation(2), utf8('no'), 'create');
    const nothing = recentRevocations({ keys: [], providers: [] });
    expect([(await log.append(nothing)).number, (await log.append(nothing)).number]).toEqual([3, 3]);
    expect(suspendedIn(await log.follow())).toEqual([A]);
  });

  it('is repaired from a copy that knows more than what can be read', async () => {
    await log.append(suspension(A, 'abuse', 'op'));
    const second = await log.append(suspension(B, 'abuse', 'op'));
    await log.append(resumption(A));
    const third = log.state;
    for (const number of [2, 3]) await damage(number);
    const mended = async (copy: RevocationState, seed: number) => {
      const repair = { copied: async () => ({ number: copy.number, suspended: copy.suspended }) };
      const writer = new RevocationLog({ store: memory, clock, random: seededRandom(seed) }, repair);
      return suspendedIn(await writer.append(recentRevocations({ keys: [], providers: [] })));
    };
    expect(await mended(third, 7)).toEqual([B]);
    await damage(4);
    expect(await mended(second, 8)).toEqual([A, B]);
    // Also where all that can be had is the copy of the damaged state itself.
    await damage(1);
    await damage(5);
    expect(await mended({ ...third, number: 5 }, 9)).toEqual([B]);
  });

  it('is repaired without writing over what another one wrote behind the damage meanwhile', async () => {
    await log.append(suspension(A, 'abuse', 'op'));
    await memory.put(bucketLayout.revocation(2), utf8('no'), 'create');
    const other = new RevocationLog({ store: memory, clock, random: seededRandom(7) });
    const late = new RevocationLog(
      { store: memory, clock, random: seededRandom(8) },
      { copied: async () => void (await other.append(suspension(B, 'abuse', 'op'))) as undefined },
    );
    const written = await late.append(suspension('c' as TenantId, 'abuse', 'op'));
    expect([written.number, suspendedIn(written)]).toEqual([4, [A, B, 'c']]);
  });

  it('takes no copy for later than what is there', async () => {
    await log.append(suspension(A, 'abuse', 'op'));
    await memory.put(bucketLayout.revocation(2), utf8('no'), 'create');
    const copied = async () => ({ number: 9, suspended: [] });
    const writer = new RevocationLog({ store: memory, clock, random: seededRandom(7) }, { copied });
    expect(suspendedIn(await writer.append(recentRevocations({ keys: [], providers: [] })))).toEqual([A]);
  });

  it('is not begun anew where nothing of it can be read: that would end every suspension', async () => {
    await log.append(suspension(A, 'abuse', 'op'));
    await damage(1);
    const writer = new RevocationLog({ store: memory, clock, random: seededRandom(9) });
    await expect(writer.append(suspension(B, 'abuse', 'op'))).rejects.toThrow(CorruptBytesError);
    expect((await memory.list(bucketLayout.revocations)).objects).toHaveLength(1);
  });

  it('tells a gateway that starts at a damaged state what was known before it', async () => {
    await log.append(suspension(A, 'abuse', 'op'));
    await log.append(suspension(B, 'abuse', 'op'));
    await damage(2);
    const outages: string[] = [];
    const watch = watchOf(outages);
    await watch.start();
    expect([watch.suspends(A), watch.number, outages]).toEqual([true, 1, ['down']]);
    await watch.stop();
  });

  it('loses none of two edits that are made at once', async () => {
    const other = new RevocationLog({ store: memory, clock, random: seededRandom(3) });
    await Promise.all([log.append(suspension(A, 'one', 'op')), other.append(suspension(B, 'two', 'op'))]);
    const { suspended, number } = await log.follow();
    expect([suspended.map(({ tenantId }) => tenantId).sort(), number]).toEqual([[A, B], 2]);
  });

  it('writes nothing where nothing changes', async () => {
    await log.append(suspension(A, 'abuse', 'op'));
    expect((await log.append(suspension(A, 'again', 'op'))).number).toBe(1);
    expect((await memory.list(bucketLayout.revocations)).objects.length).toBe(1);
  });

  it('learns that its own state was written when the answer was lost', async () => {
    let lost = false;
    const lossy: ObjectStore = {
      ...store,
      put: async (key, body, condition) => {
        const answer = await memory.put(key, body, condition);
        if (lost) return answer;
        lost = true;
        return { outcome: 'unknown', cause: new Error('reset') };
      },
    };
    const writer = new RevocationLog({ store: lossy, clock, random: seededRandom(4) });
    const appended = writer.append(suspension(A, 'abuse', 'op'));
    for (let steps = 0; steps < 50; steps++) await clock.advance(100);
    expect((await appended).number).toBe(1);
    expect((await log.follow()).number).toBe(1);
  });

  it('takes old states away, and a gateway that stood still finds the latest all the same', async () => {
    const watch = watchOf();
    await log.append(suspension(A, 'abuse', 'op'));
    await watch.start();
    down = true;
    for (let edits = 0; edits < 40; edits++) {
      await log.append(edits % 2 === 0 ? suspension(B, 'abuse', 'op') : resumption(B));
    }
    await clock.advance(2 * HOUR_MS);
    for (let edits = 0; edits < 24; edits++) {
      await log.append(edits % 2 === 0 ? suspension(B, 'abuse', 'op') : resumption(B));
    }
    const { objects } = await memory.list(bucketLayout.revocations);
    expect(objects.map(({ key }) => bucketLayout.parseRevocation(key))[0]).toBe(33);
    await log.append(suspension(B, 'abuse', 'op'));
    down = false;
    await clock.advance(REVOCATION_INTERVAL_MS);
    expect([watch.number, watch.suspends(A), watch.suspends(B)]).toEqual([66, true, true]);
    await watch.stop();
  });

  /** What others write until there are more than cleaning leaves, and the oldest are an hour old. */
  async function writeAndClean(other: RevocationLog): Promise<void> {
    for (let edits = 0; edits < 40; edits++) {
      await other.append(edits % 2 === 0 ? suspension(B, 'abuse', 'op') : resumption(B));
    }
    await clock.advance(2 * HOUR_MS);
    for (let edits = 0; edits < 32; edits++) {
      await other.append(edits % 2 === 0 ? suspension(B, 'abuse', 'op') : resumption(B));
    }
  }

  it('is written behind its end by a writer that stood still while what it knew was cleaned away', async () => {
    const late = new RevocationLog({ store: memory, clock, random: seededRandom(5) });
    await late.append(suspension('c' as TenantId, 'abuse', 'op'));
    await writeAndClean(log);
    const watch = watchOf();
    await watch.start();
    expect((await late.append(suspension(A, 'abuse', 'op'))).number).toBe(74);
    await clock.advance(REVOCATION_INTERVAL_MS);
    expect([watch.suspends(A), watch.suspends('c' as TenantId), watch.number]).toEqual([true, true, 74]);
    await watch.stop();
  });

  it('does not take for suspended what was resumed while the writer stood still', async () => {
    const late = new RevocationLog({ store: memory, clock, random: seededRandom(5) });
    await late.append(suspension(A, 'abuse', 'op'));
    await log.append(resumption(A));
    await writeAndClean(log);
    await late.append(suspension(A, 'again', 'op'));
    expect((await log.follow()).suspended.map(({ tenantId, reason }) => [tenantId, reason])).toEqual([[A, 'again']]);
  });
});
