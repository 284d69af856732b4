import { describe, expect, it } from '@jest/globals';
import { seededRandom, utf8 } from '@leasehold/foundation';
import { FaultyStore, VirtualClock } from '@leasehold/object-store-testing';
import type { Fault } from '@leasehold/object-store-testing';

import { MemoryStore } from './memory-store.js';
import { MeteredStore } from './metered-store.js';
import type { StoreCall } from './metered-store.js';
import { reliableReads } from './reliable-reads.js';

function setUp() {
  const clock = new VirtualClock();
  const random = seededRandom(3);
  const memory = new MemoryStore(clock);
  const faulty = new FaultyStore(memory, clock, random);
  const calls: StoreCall[] = [];
  const metered = new MeteredStore(faulty, clock, (call) => void calls.push(call));
  return { clock, random, memory, faulty, calls, metered, store: reliableReads(metered, clock, random) };
}
const times = (count: number): Fault[] => Array.from({ length: count }, () => 'fail-before');

describe('reliable reads', () => {
  it('repeats gets, lists and deletes until they are answered', async () => {
    const { store, faulty, memory, calls } = setUp();
    await memory.put('a', utf8('x'), 'create');
    faulty
      .next('get', ...times(3))
      .next('list', ...times(3))
      .next('delete', ...times(3));
    expect(await store.get('a')).toMatchObject({ sizeBytes: 1 });
    expect((await store.list('')).objects).toHaveLength(1);
    await store.delete('a');
    expect(await memory.get('a')).toBeUndefined();
    expect(calls.map(({ verb, outcome }) => `${verb} ${outcome}`)).toEqual(
      ['get', 'list', 'delete'].flatMap((verb) => [...Array<string>(3).fill(`${verb} unavailable`), `${verb} done`]),
    );
  });

  it('gives up after 8 attempts', async () => {
    const { store, faulty, calls } = setUp();
    faulty.setRates({ 'fail-before': 1 });
    await expect(store.get('a')).rejects.toMatchObject({ kind: 'unavailable', code: 'store-unavailable' });
    expect(calls).toHaveLength(8);
  });

  it('begins no attempt after its time', async () => {
    const { metered, clock, random, faulty } = setUp();
    faulty.setRates({ 'fail-before': 1 });
    const store = reliableReads(metered, clock, random, { maxAttempts: 1000, timeoutMs: 3000 });
    await expect(store.list('')).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(clock.monotonic()).toBeGreaterThan(1500);
    expect(clock.monotonic()).toBeLessThanOrEqual(3000);
  });

  it('repeats nothing once the store is closed, also not what pauses at that moment', async () => {
    const { metered, clock, random, calls, faulty } = setUp();
    faulty.setRates({ 'fail-before': 1 });
    const closed = new AbortController();
    const store = reliableReads(metered, clock, random, { closed: closed.signal });
    const pausing = store.delete('a');
    clock.schedule(0, () => closed.abort());
    await expect(pausing).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(store.get('a', { signal: new AbortController().signal })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    expect(calls).toHaveLength(2);
  });

  it('does not repeat an abandoned read', async () => {
    const { store, calls, faulty } = setUp();
    faulty.setRates({ 'fail-before': 1 });
    await expect(store.get('a', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(calls).toHaveLength(1);
  });

  it('puts once, whatever the answer', async () => {
    const { store, faulty, calls } = setUp();
    faulty.next('put', 'fail-after');
    expect(await store.put('a', utf8('x'), 'create')).toMatchObject({ outcome: 'unknown' });
    expect(calls.map(({ verb }) => verb)).toEqual(['put']);
  });
});

describe('metered store', () => {
  it('tells verb, outcome, bytes and time of every call', async () => {
    const { metered, faulty, calls } = setUp();
    await metered.put('a', utf8('12345'), 'create');
    await metered.put('a', utf8('1234'), 'create');
    faulty.next('put', 'fail-before');
    await metered.put('b', utf8('123'), 'create');
    const etag = ((await metered.get('a', { range: { start: 0, end: 2 } })) as { etag: string }).etag;
    await metered.get('a', { ifNoneMatch: etag });
    await metered.get('absent');
    await metered.list('');
    faulty.next('delete', 'delay', 'fail-before');
    await metered.delete('a');
    await metered.delete('a').catch(() => undefined);
    expect(calls.map(({ verb, outcome, bodyBytes }) => [verb, outcome, bodyBytes])).toEqual([
      ['put', 'done', 5],
      ['put', 'refused', 4],
      ['put', 'unknown', 3],
      ['get', 'done', 2],
      ['get', 'not-modified', 0],
      ['get', 'absent', 0],
      ['list', 'done', 0],
      ['delete', 'done', 0],
      ['delete', 'unavailable', 0],
    ]);
    expect(calls[7]?.durationMs).toBeGreaterThan(0);
    expect(calls[0]?.durationMs).toBe(0);
  });
});
