import { describe, expect, it } from '@jest/globals';
import { seededRandom, utf8 } from '@leasehold/foundation';
import { MemoryStore } from '@leasehold/object-store';

import { FaultyStore } from './faulty-store.js';
import type { Fault } from './faulty-store.js';
import { VirtualClock } from './virtual-clock.js';

function setUp(seed = 1) {
  const clock = new VirtualClock();
  const memory = new MemoryStore(clock);
  return { clock, memory, faulty: new FaultyStore(memory, clock, seededRandom(seed)) };
}

/** A fixed sequence of calls; what they answered and what was there in the end. */
async function run(seed: number): Promise<string[]> {
  const { faulty, memory } = setUp(seed);
  faulty.setRates({ 'fail-before': 0.1, 'fail-after': 0.1, late: 0.2, refuse: 0.1, delay: 0.1 });
  const answers: string[] = [];
  for (let i = 0; i < 200; i++) {
    const key = `k${i % 10}`;
    answers.push((await faulty.put(key, utf8(`${i}`), 'create')).outcome);
    answers.push(await faulty.get(key).then((object) => JSON.stringify(object), String));
    if (i % 3 === 0) answers.push(await faulty.delete(key).then(() => 'deleted', String));
  }
  await faulty.landAll();
  return [...answers, ...faulty.trace, JSON.stringify((await memory.list('')).objects)];
}

describe('faulty store', () => {
  it('fails in the same places with the same seed', async () => {
    expect(await run(42)).toEqual(await run(42));
  });

  it('fails elsewhere with another seed', async () => {
    expect(await run(42)).not.toEqual(await run(43));
  });

  it.each<[Fault, 'done' | 'refused' | 'unknown', boolean, boolean]>([
    ['none', 'done', true, true],
    ['delay', 'done', true, true],
    ['fail-before', 'unknown', false, false],
    ['fail-after', 'unknown', true, true],
    ['late', 'unknown', false, true],
    ['refuse', 'refused', false, false],
  ])('on %s answers a put %s; applied at once: %s, in the end: %s', async (fault, outcome, atOnce, inTheEnd) => {
    const { faulty, memory } = setUp();
    faulty.next('put', fault);
    expect(await faulty.put('a', utf8('x'), 'create')).toMatchObject({ outcome });
    expect((await memory.get('a')) !== undefined).toBe(atOnce);
    await faulty.landAll();
    expect((await memory.get('a')) !== undefined).toBe(inTheEnd);
  });

  it('lands an abandoned put after some later operations, if its condition still holds', async () => {
    const { faulty, memory } = setUp();
    faulty.next('put', 'late', 'late');
    await faulty.put('a', utf8('late'), 'create');
    await faulty.put('b', utf8('late'), 'create');
    await memory.put('b', utf8('faster'), 'create');
    for (let i = 0; i < 8; i++) await faulty.list('');
    expect(faulty.abandonedCalls).toBe(0);
    expect(await memory.get('a')).toMatchObject({ sizeBytes: 4 });
    expect(await memory.get('b')).toMatchObject({ sizeBytes: 6 });
  });

  it('lands what was put, not what the caller made of the bytes since', async () => {
    const { faulty, memory } = setUp();
    const bytes = utf8('before');
    faulty.next('put', 'late');
    await faulty.put('a', bytes, 'create');
    bytes.fill(0);
    await faulty.landAll();
    expect(await memory.get('a')).toMatchObject({ body: utf8('before') });
  });

  it('gives reads and deletes without an answer as unavailable', async () => {
    const { faulty } = setUp();
    faulty.next('get', 'fail-before').next('list', 'fail-after').next('delete', 'late');
    const unavailable = { kind: 'unavailable', code: 'store-unavailable' };
    await expect(faulty.get('a')).rejects.toMatchObject(unavailable);
    await expect(faulty.list('')).rejects.toMatchObject(unavailable);
    await expect(faulty.delete('a')).rejects.toMatchObject(unavailable);
  });
});
