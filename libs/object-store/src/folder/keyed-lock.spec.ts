import { describe, expect, it } from '@jest/globals';

import { Gate } from './gate.js';
import { KeyedLock } from './keyed-lock.js';

/** A body that waits until it is told to end. */
function held(log: string[], name: string) {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return {
    end,
    body: async () => {
      log.push(`${name} begins`);
      await ended;
      log.push(`${name} ends`);
    },
  };
}
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('keyed lock', () => {
  it('lets readers in together and writers alone, in the order of arrival', async () => {
    const lock = new KeyedLock();
    const log: string[] = [];
    const [r1, r2, w1, w2, r3] = ['r1', 'r2', 'w1', 'w2', 'r3'].map((name) => held(log, name)) as ReturnType<
      typeof held
    >[];
    const all = [
      lock.read('k', r1!.body),
      lock.read('k', r2!.body),
      lock.write('k', w1!.body),
      lock.write('k', w2!.body),
      lock.read('k', r3!.body),
    ];
    await settle();
    expect(log.splice(0)).toEqual(['r1 begins', 'r2 begins']);
    r1!.end();
    await settle();
    expect(log.splice(0)).toEqual(['r1 ends']);
    r2!.end();
    await settle();
    expect(log.splice(0)).toEqual(['r2 ends', 'w1 begins']);
    r3!.end();
    w2!.end();
    w1!.end();
    await Promise.all(all);
    expect(log).toEqual(['w1 ends', 'w2 begins', 'w2 ends', 'r3 begins', 'r3 ends']);
  });

  it('lets other keys pass', async () => {
    const lock = new KeyedLock();
    const writer = held([], 'w');
    const pending = lock.write('a', writer.body);
    expect(await lock.write('b', async () => 'passed')).toBe('passed');
    writer.end();
    await pending;
  });

  it('goes on after a body that failed', async () => {
    const lock = new KeyedLock();
    const failed = lock.write('k', () => Promise.reject(new Error('failed')));
    const next = lock.read('k', async () => 'next');
    await expect(failed).rejects.toThrow('failed');
    expect(await next).toBe('next');
  });
});

describe('gate', () => {
  it('lets no more in than its width', async () => {
    const gate = new Gate(3);
    let inside = 0;
    let most = 0;
    const bodies = Array.from({ length: 20 }, (_, i) =>
      gate
        .pass(async () => {
          most = Math.max(most, ++inside);
          await settle();
          inside--;
          if (i % 5 === 0) throw new Error('failed');
        })
        .catch(() => undefined),
    );
    await Promise.all(bodies);
    expect([most, inside]).toEqual([3, 0]);
  });
});
