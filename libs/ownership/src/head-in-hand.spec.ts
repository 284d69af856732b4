import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { TestWorker } from '../testing/test-workers.js';
import { databaseNamed, patient, TAKEOVER_MS, TestWorkers } from '../testing/test-workers.js';

const DATABASE = databaseNamed(1);
const HEAD = `db/${DATABASE.databaseId}/head`;

let workers: TestWorkers;
let a: TestWorker;
let b: TestWorker;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
  b = await workers.start();
  await workers.clock.advance(1_000);
  await workers.settle(a.put(DATABASE, 'k', 'v1'));
});

afterEach(() => workers.stop());

/** What b asks of the head while `work` goes on. */
async function headRequestsOf(work: () => Promise<unknown>): Promise<string> {
  b.line.forget();
  await workers.settle(work());
  return b.line.requests
    .filter(({ key }) => key === HEAD)
    .map(({ verb }) => verb)
    .join(' ');
}

describe('the head that a claim is made from', () => {
  it('is read once for a read and the takeover that it leads to', async () => {
    a.crash();
    await workers.clock.advance(TAKEOVER_MS);
    expect(await headRequestsOf(() => b.get(DATABASE, 'k'))).toBe('get put');
    expect(await b.get(DATABASE, 'k')).toBe('v1');
  });

  it('is read once for the state, and for reads that claim because they keep coming', async () => {
    a.crash();
    await workers.clock.advance(TAKEOVER_MS);
    expect(await headRequestsOf(() => b.access.state(DATABASE, patient()))).toBe('get put');
    await workers.settle(b.release(DATABASE));
    const reads = async () => {
      for (let i = 0; i < 25; i++) await b.get(DATABASE, 'k');
    };
    expect(await headRequestsOf(reads)).toBe(`${'get '.repeat(25)}put`);
  });

  it.each(['read', 'write'] as const)(
    'is the one that was read before the %s waited for the owner to end',
    async (what) => {
      const options = patient(a.session.id);
      const waiting = () =>
        what === 'read' ? b.get(DATABASE, 'k', options) : b.put(DATABASE, 'k2', 'v2', undefined, options);
      a.crash();
      expect(await headRequestsOf(waiting)).toBe('get put');
      expect(await b.get(DATABASE, 'k')).toBe('v1');
    },
  );

  it('is refused when the owner has flushed since, and everything begins again from what was in the way (R1)', async () => {
    const options = patient(a.session.id);
    const requests = headRequestsOf(async () => {
      const reading = b.get(DATABASE, 'k', options);
      await workers.clock.advance(100);
      await a.put(DATABASE, 'k', 'v2');
      await a.opened(DATABASE).flush();
      await a.put(DATABASE, 'k', 'v3');
      a.crash();
      expect(await reading).toBe('v3');
    });
    // The second GET finds out whose the refusal is; the second CAS names what it found.
    expect(await requests).toBe('get put get put');
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ epoch: 2, owner: b.session.id });
  });

  it('is refused when another took the database over since, who is then pointed to', async () => {
    const c = await workers.start();
    const reading = b.get(DATABASE, 'k', patient(a.session.id)).catch((error: unknown) => error);
    await workers.clock.advance(100);
    a.crash();
    // c is faster, as b's claim is held up.
    b.line.trouble('hold', HEAD, ['put']);
    await workers.clock.advance(TAKEOVER_MS);
    expect(await workers.settle(c.get(DATABASE, 'k'))).toBe('v1');
    await workers.settle(c.put(DATABASE, 'k', 'v2'));
    b.line.mend();
    expect(await workers.settle(reading)).toMatchObject({ code: 'misdirected', owner: c.session.id });
    expect(await workers.settle(c.get(DATABASE, 'k'))).toBe('v2');
  });

  it('points to an owner that lives, with one GET', async () => {
    const read = () => b.get(DATABASE, 'k').catch((error: unknown) => error);
    expect(await headRequestsOf(read)).toBe('get');
    await expect(workers.settle(b.get(DATABASE, 'k'))).rejects.toMatchObject({
      code: 'misdirected',
      owner: a.session.id,
    });
  });

  it('is refused when the owner has drained since: what it flushed is not lost', async () => {
    const reading = b.get(DATABASE, 'k', patient(a.session.id));
    await workers.clock.advance(100);
    await workers.settle(a.put(DATABASE, 'k', 'v2'));
    await workers.settle(a.drain());
    expect(await workers.settle(reading)).toBe('v2');
  });
});

describe('claims that wait for a log to be closed and read', () => {
  it('hold up no claim of other databases, though they are many', async () => {
    const many = Array.from({ length: 300 }, (_, i) => databaseNamed(i + 10));
    await workers.settle(Promise.all(many.map((database) => a.put(database, 'k', 'v'))));
    await workers.settle(Promise.all(many.map((database) => a.put(database, 'k', 'w'))));
    a.crash();
    await workers.clock.advance(TAKEOVER_MS);
    b.line.trouble('hold', 'log/');
    const reads = Promise.all(many.map((database) => b.get(database, 'k')));
    await workers.clock.advance(100);
    expect(await workers.settle(b.put(databaseNamed(9), 'k', 'v'), 100)).toEqual({ epoch: 1, sequence: 1 });
    b.line.mend();
    expect(new Set(await workers.settle(reads))).toEqual(new Set(['w']));
  });
});
