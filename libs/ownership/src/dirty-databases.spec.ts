import { describe, expect, it } from '@jest/globals';

import { databaseNamed } from '../testing/test-workers.js';
import { DirtyDatabases } from './dirty-databases.js';

const [A, B, C] = [databaseNamed(1).databaseId, databaseNamed(2).databaseId, databaseNamed(3).databaseId];

describe('the dirty databases', () => {
  it('are told largest first, and those of a like size in the order of their coming', () => {
    const dirty = new DirtyDatabases();
    dirty.set(A, 1_100);
    dirty.set(B, 5_000);
    dirty.set(C, 1_900);
    expect([...dirty.largest()]).toEqual([B, A, C]);
    dirty.set(C, 80_000);
    expect([...dirty.largest()]).toEqual([C, B, A]);
    expect(dirty.sizeBytes).toBe(86_100);
  });

  it('are no more once everything of them is in a head', () => {
    const dirty = new DirtyDatabases();
    dirty.set(A, 100);
    dirty.setOverdue(A);
    dirty.set(A, 0);
    expect([dirty.count, dirty.sizeBytes, [...dirty.largest()], [...dirty.overdue]]).toEqual([0, 0, [], []]);
    dirty.set(A, 0);
    expect(dirty.sizeBytes).toBe(0);
  });

  it('are overdue only while they have something to flush', () => {
    const dirty = new DirtyDatabases();
    dirty.setOverdue(A);
    expect([...dirty.overdue]).toEqual([]);
    dirty.set(A, 1);
    dirty.setOverdue(A);
    expect([...dirty.overdue]).toEqual([A]);
    dirty.clearOverdue(A);
    expect([...dirty.overdue]).toEqual([]);
  });
});
