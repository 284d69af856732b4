import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { TestWorker } from '../testing/test-workers.js';
import { databaseNamed, TestWorkers } from '../testing/test-workers.js';

let workers: TestWorkers;
let a: TestWorker;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start({ maxOpenDatabases: 4 });
  for (let i = 1; i <= 3; i++) await workers.settle(a.put(databaseNamed(i), 'k', 'v'));
});

afterEach(() => workers.stop());

const numbered = (i: number) => databaseNamed(i).databaseId;
const surplus = () => Array.from(a.access.databases.surplus(), ({ id }) => id);

describe('open databases', () => {
  it('take less memory once nobody has used them for a while, and answer as before without a request', async () => {
    const awakeBytes = a.access.databases.openBytes;
    await workers.clock.advance(9_000);
    a.access.databases.rest();
    expect(a.access.databases.openBytes).toBe(awakeBytes);
    await workers.clock.advance(1_001);
    a.access.databases.rest();
    expect(a.access.databases.openBytes).toBeLessThan(0.8 * awakeBytes);
    a.line.forget();
    for (let i = 1; i <= 3; i++) expect(await a.get(databaseNamed(i), 'k')).toBe('v');
    expect(a.line.count('get', 'db/')).toBe(0);
    expect(a.access.databases.openBytes).toBe(awakeBytes);
  });

  it('are written on after a rest', async () => {
    await workers.clock.advance(11_000);
    a.access.databases.rest();
    expect(await workers.settle(a.put(databaseNamed(2), 'k2', 'w'))).toEqual({ epoch: 1, sequence: 2 });
    await workers.clock.advance(11_000);
    a.access.databases.rest();
    expect(await a.list(databaseNamed(2))).toEqual({ k: 'v', k2: 'w' });
    await workers.settle(a.release(databaseNamed(2)));
    expect((await workers.headOf(databaseNamed(2))).head).toMatchObject({
      owner: undefined,
      lastCommit: { sequence: 2 },
    });
  });

  it('are given up in the order of their last use, at rest or not', async () => {
    await workers.clock.advance(11_000);
    a.access.databases.rest();
    await a.get(databaseNamed(1), 'k');
    for (let i = 4; i <= 6; i++) await workers.settle(a.put(databaseNamed(i), 'k', 'v'));
    expect(surplus()).toEqual([numbered(2), numbered(3)]);
    await workers.clock.advance(3_600_000);
    expect(surplus()).toEqual([2, 3, 1, 4, 5, 6].map(numbered));
  });

  it('weigh what a flush has brought into their heads, and rest on', async () => {
    const { databases } = a.access;
    await workers.settle(a.put(databaseNamed(2), 'large', 'x'.repeat(50_000)));
    await workers.clock.advance(11_000);
    databases.rest();
    const before = databases.openBytes;
    await workers.settle(a.opened(databaseNamed(2)).flush());
    const after = databases.openBytes;
    expect(after - before).toBeGreaterThan(50_000);
    expect(after - before).toBeLessThan(50_500);
  });

  it('weigh nothing once they are gone', async () => {
    for (let i = 1; i <= 3; i++) await workers.settle(a.release(databaseNamed(i)));
    expect([a.access.databases.openBytes, a.access.databases.openCount]).toEqual([0, 0]);
    expect(a.access.databases.dirty.sizeBytes).toBe(0);
  });
});
