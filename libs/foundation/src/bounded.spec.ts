import { describe, expect, it } from '@jest/globals';

import { AssertionError } from './assert.js';
import { forEachBounded } from './bounded.js';

/** Work that goes on until a test ends it, by the item. */
class Held {
  readonly begun: number[] = [];
  private readonly ends = new Map<number, (error?: Error) => void>();

  readonly work = (item: number): Promise<void> => {
    this.begun.push(item);
    return new Promise((resolve, reject) => {
      this.ends.set(item, (error) => (error === undefined ? resolve() : reject(error)));
    });
  };

  async end(item: number, error?: Error): Promise<void> {
    this.ends.get(item)?.(error);
    // Longer than any chain of promises in here.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Listened to from the beginning, so that a failure is not unhandled while a test goes on. */
function failureOf(work: Promise<void>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function* later(items: Iterable<number>): AsyncGenerator<number> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

describe('forEachBounded', () => {
  it('begins as many as it may before it returns, and the next when one has ended', async () => {
    const held = new Held();
    const all = forEachBounded([1, 2, 3, 4], 2, held.work);
    expect(held.begun).toEqual([1, 2]);
    await held.end(2);
    expect(held.begun).toEqual([1, 2, 3]);
    await held.end(1);
    await held.end(3);
    await held.end(4);
    await all;
    expect(held.begun).toEqual([1, 2, 3, 4]);
  });

  it.each([[[]], [[1]], [[1, 2, 3, 4, 5, 6, 7]]])('does each of %j once, whatever they come from', async (items) => {
    for (const source of [items, new Set(items).values(), later(items)]) {
      const done: number[] = [];
      await forEachBounded(source, 3, async (item) => void done.push(item));
      expect(done).toEqual(items);
    }
  });

  it('asks for the next item only when there is room for it', async () => {
    let asked = 0;
    async function* counted(): AsyncGenerator<number> {
      for (;;) yield ++asked;
    }
    const held = new Held();
    const failure = failureOf(forEachBounded(counted(), 3, held.work));
    await held.end(0);
    expect([asked, held.begun]).toEqual([3, [1, 2, 3]]);
    await held.end(2);
    expect([asked, held.begun]).toEqual([4, [1, 2, 3, 4]]);
    await held.end(4, new Error('enough'));
    await held.end(1);
    await held.end(3);
    expect(await failure).toEqual(new Error('enough'));
  });

  it('begins nothing after a failure, and fails with the first when those under way have ended', async () => {
    const held = new Held();
    let isOver = false;
    const failure = failureOf(forEachBounded([1, 2, 3, 4, 5], 3, held.work)).finally(() => (isOver = true));
    await held.end(3, new Error('first'));
    await held.end(1);
    expect(isOver).toBe(false);
    await held.end(2, new Error('second'));
    expect([await failure, held.begun]).toEqual([new Error('first'), [1, 2, 3]]);
  });

  it('begins nothing that arrives after a failure', async () => {
    let arrive = (): void => undefined;
    async function* slow(): AsyncGenerator<number> {
      yield 1;
      await new Promise<void>((resolve) => (arrive = resolve));
      yield 2;
    }
    const held = new Held();
    const failure = failureOf(forEachBounded(slow(), 2, held.work));
    await held.end(0);
    const failed = held.end(1, new Error('first'));
    arrive();
    await failed;
    expect(await failure).toEqual(new Error('first'));
    expect(held.begun).toEqual([1]);
  });

  it('fails when the items do', async () => {
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      throw new Error('no more to be had');
    }
    const done: number[] = [];
    const all = forEachBounded(broken(), 2, async (item) => void done.push(item));
    await expect(all).rejects.toThrow('no more to be had');
    expect(done).toEqual([1]);
  });

  it('refuses a limit that would do nothing', async () => {
    await expect(forEachBounded([1], 0, () => Promise.resolve())).rejects.toThrow(AssertionError);
  });
});
