import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@leasehold/foundation';
import { FaultyStore, VirtualClock } from '@leasehold/object-store-testing';

import { MemoryStore } from './memory-store.js';
import type { ObjectStore, PutCondition, PutOutcome, StoredObject } from './object-store.js';
import { PROBE_STEPS, ProbeFailedError, probeStore } from './probe.js';
import type { ProbeStep } from './probe.js';

const clock = new VirtualClock();

/** A memory store of which single calls can be replaced. */
class Altered implements ObjectStore {
  readonly memory = new MemoryStore(clock);
  get: ObjectStore['get'] = (...args) => this.memory.get(...args);
  put: ObjectStore['put'] = (...args) => this.memory.put(...args);
  delete: ObjectStore['delete'] = (...args) => this.memory.delete(...args);
  list: ObjectStore['list'] = (...args) => this.memory.list(...args);

  async overwrite(key: string, body: Uint8Array): Promise<PutOutcome> {
    const present = await this.memory.get(key);
    return this.memory.put(key, body, present ? { match: (present as StoredObject).etag } : 'create');
  }
}

/** A store with one flaw. */
function flawed(alter: (store: Altered) => void): ObjectStore {
  const store = new Altered();
  alter(store);
  return store;
}

const isMatch = (condition: PutCondition): boolean => condition !== 'create';
/** Reads the present ETag, then writes after a while: what a store without atomic conditions does. */
const checkThenAct = (which: (condition: PutCondition) => boolean) => (store: Altered) => {
  store.put = async (key, body, condition) => {
    if (!which(condition)) return store.memory.put(key, body, condition);
    const present = (await store.memory.get(key)) as StoredObject | undefined;
    await new Promise((resolve) => setImmediate(resolve));
    if (present?.etag !== (condition === 'create' ? undefined : condition.match)) return { outcome: 'refused' };
    return store.overwrite(key, body);
  };
};

const FLAWS: readonly [ProbeStep, string, (store: Altered) => void][] = [
  ['create', 'refuses to create', (store) => (store.put = async () => ({ outcome: 'refused' }))],
  ['create', 'answers done and keeps nothing', (store) => (store.put = async () => ({ outcome: 'done', etag: 'x' }))],
  [
    'create',
    'answers a put with another etag than a read',
    (store) => (store.put = async (...args) => ({ ...(await store.memory.put(...args)), etag: 'other' }) as PutOutcome),
  ],
  ['refuse a second create', 'ignores conditions', (store) => (store.put = (key, body) => store.overwrite(key, body))],
  [
    'refuse a second create',
    'answers refused and overwrites all the same',
    (store) =>
      (store.put = async (key, body, condition) => {
        const answer = await store.memory.put(key, body, condition);
        if (answer.outcome === 'refused') await store.overwrite(key, body);
        return answer;
      }),
  ],
  [
    'match',
    'refuses every match',
    (store) => (store.put = async (...args) => (isMatch(args[2]) ? { outcome: 'refused' } : store.memory.put(...args))),
  ],
  [
    'refuse a stale match',
    'ignores If-Match',
    (store) =>
      (store.put = (key, body, condition) =>
        isMatch(condition) ? store.overwrite(key, body) : store.memory.put(key, body, condition)),
  ],
  [
    'refuse a match on nothing',
    'creates on a match when nothing is there',
    (store) =>
      (store.put = async (key, body, condition) =>
        isMatch(condition) && !(await store.memory.get(key))
          ? store.overwrite(key, body)
          : store.memory.put(key, body, condition)),
  ],
  [
    '16 concurrent creates with one winner',
    'checks creates, then writes',
    checkThenAct((condition) => !isMatch(condition)),
  ],
  ['16 concurrent matches with one winner', 'checks matches, then writes', checkThenAct(isMatch)],
  ['list after write', 'lists late', (store) => (store.list = async () => ({ objects: [], truncated: false }))],
  ['delete', 'does not delete', (store) => (store.delete = async () => undefined)],
];

describe('start-up probe', () => {
  it('passes a store that keeps its promises, and leaves nothing behind', async () => {
    const store = new MemoryStore(clock);
    await probeStore(store, { clock, random: seededRandom(1) });
    expect((await store.list('')).objects).toEqual([]);
  });

  it.each(FLAWS)('fails at step "%s" a store that %s', async (step, _, alter) => {
    const failure = await probeStore(flawed(alter), { clock, random: seededRandom(1) }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ProbeFailedError);
    expect(failure).toMatchObject({ step, kind: 'invalid', code: 'store-unfit' });
    expect((failure as Error).message).toContain(`"${step}"`);
  });

  it('has a store that fails each of its steps', () => {
    expect([...new Set(FLAWS.map(([step]) => step))]).toEqual([...PROBE_STEPS]);
  });

  it('cleans up after a failure', async () => {
    const store = new Altered();
    store.list = async () => ({ objects: [], truncated: false });
    await expect(probeStore(store, { clock, random: seededRandom(1) })).rejects.toThrow(ProbeFailedError);
    expect((await store.memory.list('')).objects).toEqual([]);
  });

  it.each(Array.from({ length: 30 }, (_, seed) => [seed]))(
    'does not blame a good store for a bad network, seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const store = new FaultyStore(new MemoryStore(clock), clock, random, { 'fail-before': 0.15, 'fail-after': 0.15 });
      await probeStore(store, { clock, random });
      expect(store.trace.length).toBeGreaterThan(0);
    },
  );

  it('says that it cannot tell when the store never answers clearly', async () => {
    const random = seededRandom(1);
    const store = new FaultyStore(new MemoryStore(clock), clock, random, { 'fail-before': 1 });
    await expect(probeStore(store, { clock, random })).rejects.toMatchObject({
      code: 'store-unavailable',
      kind: 'unavailable',
    });
  });

  it('uses names of its own in each run', async () => {
    const store = new Altered();
    const names: string[] = [];
    store.put = (key, ...rest) => (names.push(key), store.memory.put(key, ...rest));
    const random = seededRandom(5);
    await probeStore(store, { clock, random });
    const first = new Set(names.splice(0));
    await probeStore(store, { clock, random });
    expect(names.some((name) => first.has(name))).toBe(false);
  });
});
