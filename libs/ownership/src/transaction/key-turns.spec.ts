import { describe, expect, it } from '@jest/globals';
import { utf8 } from '@leasehold/foundation';

import type { Footprint } from './footprint.js';
import { footprintOf, footprintsMeet } from './footprint.js';
import { KeyTurns } from './key-turns.js';
import type { Transaction } from './transaction.js';

const touching = (...keys: string[]): Footprint =>
  footprintOf({ checks: [], ops: keys.map((key) => ({ op: 'delete', key: utf8(key) })) });
const over = (start: string, end?: string): Footprint =>
  footprintOf({
    checks: [
      { kind: 'range', range: { start: utf8(start), end: end === undefined ? undefined : utf8(end) }, since: 0 },
    ],
    ops: [],
  });
const ranges = (...bounds: string[]): Footprint =>
  footprintOf({
    checks: [],
    ops: bounds.flatMap((start, i) =>
      i % 2 === 0
        ? [{ op: 'deleteRange' as const, range: { start: utf8(start), end: utf8(bounds[i + 1] ?? '') } }]
        : [],
    ),
  });
const named = (name: string): Footprint =>
  footprintOf({ checks: [], ops: [], idempotencyKey: { key: utf8(name), digest: new Uint8Array(16) } } as Transaction);

describe('footprints', () => {
  it.each<[string, Footprint, Footprint, boolean]>([
    ['the same key', touching('a', 'b'), touching('b'), true],
    ['other keys', touching('a', 'b'), touching('c'), false],
    ['a key in a range', touching('b'), over('a', 'c'), true],
    ['a key at the end of a range', touching('c'), over('a', 'c'), false],
    ['ranges that overlap', over('a', 'c'), over('b', 'd'), true],
    ['ranges that touch', over('a', 'c'), over('c', 'd'), false],
    ['a range without an end', over('a'), over('z'), true],
    ['an empty range', over('c', 'a'), over('a'), false],
    ['the same idempotency key', named('i'), named('i'), true],
    ['an idempotency key and a key of the same bytes', named('a'), touching('a'), false],
    ['nothing', touching(), touching(), false],
    ['ranges in between each other', ranges('a', 'b', 'e', 'f'), ranges('c', 'd', 'g', 'h'), false],
    ['the last of many ranges', ranges('a', 'b', 'e', 'f', 'm', 'p'), ranges('c', 'd', 'g', 'h', 'o', 'z'), true],
    ['a key in the last of many ranges', ranges('a', 'b', 'e', 'f', 'm', 'p'), touching('o'), true],
    ['a key between many ranges', ranges('a', 'b', 'e', 'f', 'm', 'p'), touching('c'), false],
  ])('%s', (_, a, b, meet) => {
    expect([footprintsMeet(a, b), footprintsMeet(b, a)]).toEqual([meet, meet]);
  });
});

describe('turns', () => {
  const tick = () => new Promise((resolve) => setImmediate(resolve));

  it('are taken in order by those that touch the same, while others pass', async () => {
    const turns = new KeyTurns();
    const order: string[] = [];
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const run = (name: string, footprint: Footprint, wait?: Promise<void>) =>
      turns.run(footprint, async () => {
        await wait;
        order.push(name);
      });
    const all = [
      run('first', touching('a'), gate),
      run('behind it', touching('a', 'b')),
      run('behind that', touching('b')),
      run('passing', touching('c')),
    ];
    await tick();
    expect(order).toEqual(['passing']);
    expect([turns.isFree(touching('b')), turns.isFree(touching('c')), turns.length]).toEqual([false, true, 3]);
    open();
    await Promise.all(all);
    expect(order).toEqual(['passing', 'first', 'behind it', 'behind that']);
    expect(turns.length).toBe(0);
  });

  it('refuse those who would make everybody compare too much', async () => {
    const turns = new KeyTurns();
    const many = (name: string): Footprint => touching(...Array.from({ length: 900 }, (_, i) => `${name}${i}`));
    const all: Promise<void>[] = [];
    for (let i = 0; turns.hasRoomFor(many(`${i}-`)); i++)
      all.push(turns.run(many(`${i}-`), tick as () => Promise<never>));
    expect([all.length, turns.hasRoomFor(touching('a'))]).toEqual([22, true]);
    await Promise.all(all);
    expect(turns.hasRoomFor(many('again'))).toBe(true);
  });

  it('go on after one that failed', async () => {
    const turns = new KeyTurns();
    const failed = turns.run(touching('a'), () => Promise.reject(new Error('no')));
    const next = turns.run(touching('a'), () => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
