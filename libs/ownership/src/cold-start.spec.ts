import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { TestWorker } from '../testing/test-workers.js';
import { databaseNamed, patient, TAKEOVER_MS, TestWorkers } from '../testing/test-workers.js';

const DATABASE = databaseNamed(1);

let workers: TestWorkers;
let a: TestWorker;
let b: TestWorker;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
  b = await workers.start();
  await workers.clock.advance(1_000);
});

afterEach(() => workers.stop());

describe('cold starts are told', () => {
  it('of a database that was never written to, read or written', async () => {
    await workers.settle(a.get(DATABASE, 'k'));
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    await workers.settle(a.get(DATABASE, 'k'));
    expect(a.coldStarts).toEqual(['new, read', 'new, claim']);
  });

  it('of one that was given up', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    await workers.settle(a.release(DATABASE));
    await workers.settle(b.get(DATABASE, 'k'));
    await workers.settle(b.put(DATABASE, 'k', 'w'));
    expect(b.coldStarts).toEqual(['released, read', 'released, claim']);
  });

  it('of one whose owner has ended, once for all who wait for it', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.crash();
    await workers.clock.advance(TAKEOVER_MS);
    const reads = [1, 2, 3].map(() => b.get(DATABASE, 'k', patient(a.session.id)));
    expect(await workers.settle(Promise.all(reads))).toEqual(['v', 'v', 'v']);
    expect(b.coldStarts).toEqual(['taken-over, claim']);
  });

  it('of none that is refused', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    await expect(workers.settle(b.get(DATABASE, 'k'))).rejects.toMatchObject({ code: 'misdirected' });
    expect(b.coldStarts).toEqual([]);
  });
});
