import { LogOverloadedError } from '@leasehold/commit-log';
import { seededRandom, utf8 } from '@leasehold/foundation';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { databaseNamed, patient, TAKEOVER_MS, TestWorkers } from '../../testing/test-workers.js';

const DATABASE = databaseNamed(1);
const WRITES = 300;
const KEYS = 40;

let workers: TestWorkers;

beforeEach(() => {
  workers = new TestWorkers();
});

afterEach(() => workers.stop());

describe('appends that the log refuses', () => {
  it.each([1, 2, 3])(
    'leave number and memory to the next ones, which are whole wherever they are read (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const a = await workers.start();
      await workers.settle(a.open(DATABASE));
      const accepts = a.log.appendFor.bind(a.log);
      a.log.appendFor = (listener, append) => {
        if (random.fraction() < 0.3) throw new LogOverloadedError('more than it can take');
        accepts(listener, append);
      };
      const newest = new Map<string, { readonly sequence: number; readonly value: string }>();
      const write = async (n: number): Promise<'done' | 'refused'> => {
        // Each of one key alone, as commits share memory, or of some.
        const keys = Array.from({ length: random.fraction() < 0.8 ? 1 : 3 }, (_, i) => `k${(n * 7 + i) % KEYS}`);
        const value = `${n}.`.repeat(1 + Math.floor(random.fraction() * 400));
        const ops = keys.map((key) => ({ op: 'put', key: utf8(key), value: utf8(value) }) as const);
        try {
          const { version } = await a.transact(DATABASE, { ops });
          for (const key of keys) {
            if ((newest.get(key)?.sequence ?? 0) < version.sequence)
              newest.set(key, { sequence: version.sequence, value });
          }
          return 'done';
        } catch (error) {
          expect(error).toBeInstanceOf(LogOverloadedError);
          return 'refused';
        }
      };
      const outcomes = await workers.settle(Promise.all(Array.from({ length: WRITES }, (_, n) => write(n))));
      const refused = outcomes.filter((outcome) => outcome === 'refused').length;
      expect(refused).toBeGreaterThan(WRITES / 5);
      expect(Math.max(...[...newest.values()].map(({ sequence }) => sequence))).toBe(WRITES - refused);

      const expected = Object.fromEntries([...newest].map(([key, { value }]) => [key, value]));
      expect(await workers.settle(a.list(DATABASE))).toEqual(expected);
      // What the next owner has is what lies in the log.
      a.crash();
      const b = await workers.start();
      await workers.clock.advance(TAKEOVER_MS);
      expect(await workers.settle(b.list(DATABASE, patient()))).toEqual(expected);
    },
  );
});
