import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { TestWorker } from '../testing/test-workers.js';
import { databaseNamed, TestWorkers } from '../testing/test-workers.js';

const DATABASE = databaseNamed(1);

let workers: TestWorkers;
let a: TestWorker;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
});

afterEach(() => workers.stop());

describe('claiming a database', () => {
  it('creates its head on the first write and names the writer', async () => {
    const version = await workers.settle(a.put(DATABASE, 'k', 'v'));
    expect(version).toEqual({ epoch: 1, sequence: 1 });
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ ...DATABASE, epoch: 1, owner: a.session.id });
    expect(await a.get(DATABASE, 'k')).toBe('v');
  });
});
