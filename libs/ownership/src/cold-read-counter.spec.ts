import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@leasehold/foundation-testing';

import { databaseNamed } from '../testing/test-workers.js';
import { ColdReadCounter } from './cold-read-counter.js';

const { databaseId } = databaseNamed(1);

describe('counting cold reads', () => {
  it('asks for a claim with the nth read inside the window, and counts anew then', () => {
    const counter = new ColdReadCounter(new FakeClock(), 1_000, 3);
    const answers = Array.from({ length: 6 }, () => counter.shouldClaim(databaseId));
    expect(answers).toEqual([false, false, true, false, false, true]);
  });

  it('forgets reads when their window is over', async () => {
    const clock = new FakeClock();
    const counter = new ColdReadCounter(clock, 1_000, 2);
    expect(counter.shouldClaim(databaseId)).toBe(false);
    await clock.advance(1_000);
    expect(counter.shouldClaim(databaseId)).toBe(false);
    await clock.advance(999);
    expect(counter.shouldClaim(databaseId)).toBe(true);
  });

  it('claims with the first read where one is enough', () => {
    expect(new ColdReadCounter(new FakeClock(), 1_000, 1).shouldClaim(databaseId)).toBe(true);
  });

  it('remembers a bounded number of databases, and forgets the one that came first', () => {
    const counter = new ColdReadCounter(new FakeClock(), 1_000, 2);
    counter.shouldClaim(databaseId);
    for (let i = 0; i < 10_000; i++) counter.shouldClaim(databaseNamed(i + 2).databaseId);
    expect(counter.shouldClaim(databaseId)).toBe(false);
    expect(counter.shouldClaim(databaseNamed(10_001).databaseId)).toBe(true);
  });
});
