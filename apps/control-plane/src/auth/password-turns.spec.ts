import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';

import { PasswordTurns } from './password-turns.js';

const settings = { atOnce: 2, maxWaiting: 2, maxWaitMs: 60_000 };
const OVERLOADED = { code: 'overloaded', retryAfterMs: 2_000 };

/** Work that ends when it is told to. */
class Hashing {
  readonly began: string[] = [];
  private readonly ends = new Map<string, () => void>();

  work(name: string): () => Promise<string> {
    return () => {
      this.began.push(name);
      return new Promise((resolve) => this.ends.set(name, () => resolve(name)));
    };
  }

  end(name: string): void {
    this.ends.get(name)?.();
  }
}

describe('turns at hashing passwords', () => {
  it('are taken by few at once, in order, and refused beyond a short queue', async () => {
    const turns = new PasswordTurns(systemClock, settings);
    const hashing = new Hashing();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => turns.run(hashing.work(name)));
    await expect(turns.run(hashing.work('e'))).rejects.toMatchObject(OVERLOADED);
    expect(hashing.began).toEqual(['a', 'b']);
    hashing.end('b');
    expect(await b).toBe('b');
    expect(hashing.began).toEqual(['a', 'b', 'c']);
    hashing.end('a');
    await a;
    hashing.end('c');
    hashing.end('d');
    expect(await Promise.all([c, d])).toEqual(['c', 'd']);
    const last = turns.run(hashing.work('f'));
    hashing.end('f');
    expect(await last).toBe('f');
  });

  it('are given back by work that fails', async () => {
    const turns = new PasswordTurns(systemClock, { ...settings, atOnce: 1 });
    const fail = () => Promise.reject(new Error('no'));
    const results = await Promise.allSettled([turns.run(fail), turns.run(fail), turns.run(async () => 'done')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('are not waited for without end', async () => {
    const turns = new PasswordTurns(systemClock, { atOnce: 1, maxWaiting: 9, maxWaitMs: 20 });
    const hashing = new Hashing();
    const first = turns.run(hashing.work('a'));
    await expect(turns.run(hashing.work('b'))).rejects.toMatchObject(OVERLOADED);
    hashing.end('a');
    await first;
    expect(await turns.run(async () => 'c')).toBe('c');
    expect(hashing.began).toEqual(['a']);
  });
});
